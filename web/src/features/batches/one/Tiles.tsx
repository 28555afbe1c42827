import { Skeleton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Item } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import css from "./sheet.module.css";
import { Tile } from "./Tile";

const GAP = 18;
const WORDS = 34;
const MANY = 40; // of so many only those in work shimmer, and those that wait do not

/** Few pictures are shown large, many as a contact sheet. */
const sideOf = (total: number): number => (total <= 3 ? 380 : total <= 8 ? 290 : total <= 30 ? 220 : 172);

export function Tiles({ items, total, styleNames, going, more, load }: {
  items: Item[]; total: number; styleNames: Map<string, string> | null; going: boolean; more: boolean; load: () => void;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const [width, measure] = useState(0);
  useLayoutEffect(() => {
    const element = scroll.current;
    if (!element) return;
    const watch = new ResizeObserver(() => measure(element.clientWidth - 48));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const columns = Math.max(2, Math.floor((width + GAP) / (sideOf(total) + GAP)));
  const side = Math.min(460, Math.max(120, (width - GAP * (columns - 1)) / columns));
  const high = Math.round(side + WORDS + GAP);
  const rows = useVirtualizer({ count: width > 0 ? Math.ceil(total / columns) : 0, getScrollElement: () => scroll.current, estimateSize: () => high, overscan: 3 });
  useEffect(() => rows.measure(), [rows, high]);
  const shown = rows.getVirtualItems();
  const end = ((shown.at(-1)?.index ?? 0) + 3) * columns;
  useEffect(() => {
    if (more && end >= items.length) load();
  }, [end, items.length, load, more]);
  return (
    <div className={css.scroll} ref={scroll} tabIndex={0} role="group" aria-label={batches.one.sheet}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {shown.map((row) => (
          <div key={row.key} className={css.line} style={{ transform: `translateY(${row.start}px)`, gridTemplateColumns: `repeat(${columns}, ${side}px)`, gap: GAP }}>
            {Array.from({ length: Math.min(columns, total - row.index * columns) }, (_, at) => {
              const item = items[row.index * columns + at];
              return item
                ? <Tile key={item.id} item={item} style={styleNames?.get(item.style) ?? ""} going={going} calm={total > MANY} />
                : <Skeleton key={at} radius="md" height={side} />;
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
