/** A strip of the library's photos, to choose those that the style is shown on. */
import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconCheck, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { Photo } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { notify } from "~/shared/notify";
import { Picture } from "~/shared/ui/Picture";
import { MOST_SHOWN, photosPage, recentPhotos } from "./photos";
import css from "./editor.module.css";

const CELL = 76;

export function Filmstrip({ shown, show }: { shown: Photo[]; show: (photos: Photo[]) => void }) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 250);
  const anyCut = useQuery(recentPhotos()).data?.some((one) => one.matte_version > 0);
  const pages = useInfiniteQuery({ ...photosPage(q, anyCut ? true : undefined), enabled: anyCut !== undefined });
  const photos = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const box = useRef<HTMLDivElement>(null);
  const row = useVirtualizer({ horizontal: true, count: photos.length, getScrollElement: () => box.current, estimateSize: () => CELL, overscan: 6 });
  const cells = row.getVirtualItems();
  const end = cells.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && end >= photos.length - 12) void fetchNextPage();
  }, [end, photos.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const toggle = (photo: Photo) => {
    if (shown.some((one) => one.id === photo.id)) show(shown.filter((one) => one.id !== photo.id));
    else if (shown.length >= MOST_SHOWN) notify(copy.strip.full(MOST_SHOWN));
    else show([...shown, photo]);
  };
  if (!pages.isPending && photos.length === 0 && !q) return null;
  return (
    <section className={css.strip} aria-label={copy.strip.label}>
      <div className={css.stripTop}>
        <strong>{copy.strip.label}</strong>
        <span className="soft small">{copy.strip.hint(MOST_SHOWN)}</span>
        <TextInput
          value={typed} onChange={(event) => setTyped(event.currentTarget.value)} placeholder={copy.strip.search} aria-label={copy.strip.search}
          leftSection={<IconSearch size={15} aria-hidden />} size="xs" data-search
        />
      </div>
      {photos.length === 0 && !pages.isPending ? (
        <p className="soft small">{copy.strip.none}</p>
      ) : (
        <div ref={box} className={css.film}>
          <div style={{ width: row.getTotalSize(), height: CELL, position: "relative" }}>
            {cells.map((cell) => {
              const photo = photos[cell.index];
              if (!photo) return null;
              const on = shown.some((one) => one.id === photo.id);
              return (
                <button
                  key={photo.id} type="button" className={css.cell} aria-pressed={on} aria-label={copy.strip.add(photo.name)} title={photo.name}
                  style={{ transform: `translateX(${cell.start}px)` }} onClick={() => toggle(photo)}
                >
                  <Picture src={photo.thumb} alt="" fit="cover" eager />
                  {on && <IconCheck className={css.tick} size={16} stroke={2.6} aria-hidden />}
                </button>
              );
            })}
          </div>
        </div>
      )}
    </section>
  );
}
