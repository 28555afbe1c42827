/** Photos of the library to choose from, the newest first. */
import { Button, Modal, TextInput } from "@mantine/core";
import { IconCheck, IconPhoto, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { api, got } from "~/api/client";
import { keys } from "~/api/queries";
import { batches } from "~/shared/copy/batches";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Picture } from "~/shared/ui/Picture";
import { Empty, Failed, TilesWaiting } from "~/shared/ui/states";
import type { Photo } from "../cache";
import css from "./fresh.module.css";

const copy = batches.fresh.products;
const COLUMNS = 7;
const ROW = 122;

export function PhotoPicker({ opened, close, picked, done }: { opened: boolean; close: () => void; picked: string[]; done: (ids: string[]) => void }) {
  return (
    <Modal opened={opened} onClose={close} title={copy.pickTitle} size={960}>
      {opened && <Pick picked={picked} done={(ids) => { done(ids); close(); }} />}
    </Modal>
  );
}

function Pick({ picked, done }: { picked: string[]; done: (ids: string[]) => void }) {
  const [words, write] = useState("");
  const q = useDeferredValue(words.trim());
  const [chosen, choose] = useState(() => new Set(picked));
  const list = useInfiniteQuery({
    queryKey: [...keys.photos, "pick", q],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const page = await got(api.GET("/api/v1/images", { params: { query: { limit: 100, cursor: pageParam ?? undefined, q: q || undefined } } }));
      return page;
    },
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (old) => old,
  });
  const photos = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  return (
    <div className={css.pick}>
      <div className={css.pickTop}>
        <TextInput
          aria-label={copy.pickSearch} placeholder={copy.pickSearch} value={words} onChange={(event) => write(event.currentTarget.value)} data-autofocus
          leftSection={<IconSearch size={16} aria-hidden />} style={{ flex: 1 }}
        />
        <Button variant="default" disabled={photos.length === 0} onClick={() => choose(new Set([...chosen, ...photos.map((photo) => photo.id)]))}>{copy.pickAll}</Button>
        <Button variant="default" disabled={chosen.size === 0} onClick={() => choose(new Set())}>{copy.pickClear}</Button>
      </div>
      {list.isPending ? <TilesWaiting count={14} size={110} />
        : list.isError && !list.data ? <Failed error={list.error} retry={() => void list.refetch()} />
        : photos.length === 0 ? (
          <Empty icon={<IconPhoto size={28} stroke={1.5} />} title={q ? copy.pickNoneOf : copy.pickNone} words={q ? undefined : copy.pickNoneWords}>
            {!q && <LinkButton to="/upload">{copy.upload}</LinkButton>}
          </Empty>
        ) : <Grid photos={photos} chosen={chosen} toggle={toggle} more={list.hasNextPage && !list.isFetchingNextPage} load={() => void list.fetchNextPage()} />}
      <div className={css.pickEnd}><Button onClick={() => done([...chosen])}>{copy.pickDone(chosen.size)}</Button></div>
    </div>
  );
}

function Grid({ photos, chosen, toggle, more, load }: { photos: Photo[]; chosen: ReadonlySet<string>; toggle: (id: string) => void; more: boolean; load: () => void }) {
  const [scroll, found] = useState<HTMLDivElement | null>(null);
  const rows = useVirtualizer({ count: Math.ceil(photos.length / COLUMNS), getScrollElement: () => scroll, estimateSize: () => ROW, overscan: 3 });
  const shown = rows.getVirtualItems();
  const end = ((shown.at(-1)?.index ?? 0) + 3) * COLUMNS;
  useEffect(() => {
    if (more && end >= photos.length) load();
  }, [end, load, more, photos.length]);
  return (
    <div ref={found} className={css.pickGrid} role="group" aria-label={copy.pickTitle}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {shown.map((row) => (
          <div key={row.key} className={css.pickRow} style={{ transform: `translateY(${row.start}px)`, gridTemplateColumns: `repeat(${COLUMNS}, 1fr)` }}>
            {photos.slice(row.index * COLUMNS, (row.index + 1) * COLUMNS).map((photo) => (
              <button key={photo.id} type="button" aria-pressed={chosen.has(photo.id)} aria-label={photo.name} title={photo.name} className={css.pickOne} onClick={() => toggle(photo.id)}>
                <Picture src={photo.thumb} alt="" fit="cover" />
                {chosen.has(photo.id) && <span className={css.tick} aria-hidden><IconCheck size={14} stroke={3} /></span>}
              </button>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
