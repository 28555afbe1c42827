/** The background picture, and a dialog to choose it from the library or to upload it. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPhotoPlus, IconSearch, IconUpload } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { upload } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { notifyError } from "~/shared/notify";
import { Picture } from "~/shared/ui/Picture";
import { Empty, Failed, TilesWaiting } from "~/shared/ui/states";
import { newId } from "~/shared/id";
import { onePhoto, photosPage } from "./photos";
import css from "./editor.module.css";

const words = copy.picture;

export function PictureOption({ id, choose, clear }: { id: string; choose: (id: string) => void; clear: () => void }) {
  const [open, set] = useState(false);
  const photo = useQuery({ ...onePhoto(id), enabled: id !== "" });
  const choosePhoto = (one: Photo) => {
    choose(one.id);
    set(false);
  };
  return (
    <>
      <button type="button" className={css.chosen} onClick={() => set(true)}>
        {id && photo.data ? <Picture src={photo.data.thumb} alt={`${words.chosen}: ${photo.data.name}`} fit="cover" eager /> : <IconPhotoPlus size={26} stroke={1.4} aria-hidden />}
        <span className={css.chosenWords}>{id ? words.change : words.choose}</span>
      </button>
      {id && <Button variant="subtle" color="gray" size="compact-sm" className={css.takeAway} onClick={clear}>{words.clear}</Button>}
      <Modal opened={open} onClose={() => set(false)} title={words.title} size={880}>
        <Choose take={choosePhoto} />
      </Modal>
    </>
  );
}

const COLUMNS = 5;
const ROW = 168;

function Choose({ take }: { take: (photo: Photo) => void }) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 250);
  const pages = useInfiniteQuery(photosPage(q));
  const photos = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: Math.ceil(photos.length / COLUMNS), getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 3 });
  const shown = rows.getVirtualItems();
  const end = shown.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && (end + 3) * COLUMNS >= photos.length) void fetchNextPage();
  }, [end, photos.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <div className={css.choose}>
      <p className="soft">{words.words}</p>
      <div className={css.chooseTop}>
        <TextInput
          value={typed} onChange={(event) => setTyped(event.currentTarget.value)} placeholder={words.search} aria-label={words.search}
          leftSection={<IconSearch size={16} aria-hidden />} data-autofocus
        />
        <Upload take={take} />
      </div>
      {pages.isError && !pages.data ? (
        <Failed error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <TilesWaiting count={10} size={140} />
      ) : photos.length === 0 ? (
        <Empty title={q ? words.noMatch : words.empty} />
      ) : (
        <div ref={box} className={css.chooseList}>
          <div style={{ height: rows.getTotalSize(), position: "relative" }}>
            {shown.map((row) => (
              <div key={row.key} className={css.chooseRow} style={{ height: ROW, transform: `translateY(${row.start}px)` }}>
                {photos.slice(row.index * COLUMNS, (row.index + 1) * COLUMNS).map((photo) => (
                  <button key={photo.id} type="button" className={css.chooseCell} aria-label={words.use(photo.name)} title={photo.name} onClick={() => take(photo)}>
                    <Picture src={photo.thumb} alt="" fit="cover" eager />
                  </button>
                ))}
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function Upload({ take }: { take: (photo: Photo) => void }) {
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const sent = useMutation({
    mutationFn: async (file: File) => {
      const form = new FormData();
      form.append("file", file);
      return (await upload<Photo>("/api/v1/images", form, { key: newId() })).data;
    },
    onSuccess: (photo) => {
      client.setQueryData(onePhoto(photo.id).queryKey, photo);
      void client.invalidateQueries({ queryKey: keys.photos });
      take(photo);
    },
    onError: notifyError,
  });
  return (
    <>
      <input
        ref={input} type="file" accept="image/*" hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) sent.mutate(file);
          event.currentTarget.value = "";
        }}
      />
      <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} loading={sent.isPending} onClick={() => input.current?.click()}>{words.upload}</Button>
    </>
  );
}
