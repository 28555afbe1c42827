/** All pictures of a group; only the rows in view are rendered. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Cell } from "./Cell";
import css from "./review.module.css";
import type { ReviewStore } from "./store";
import { useAnyChange, useCursor } from "./hooks";

const GAP = 12;
const CAPTION = 27;
const FEWEST = 2;

/** As few columns as show all of them without scrolling; else as many as fit at the usual size. */
function columnsFor(count: number, most: number, width: number, height: number): number {
  for (let columns = Math.min(FEWEST, most); columns < most; columns += 1) {
    const side = (width - GAP * (columns - 1)) / columns;
    if (Math.ceil(count / columns) * (side + CAPTION + GAP) - GAP <= height) return columns;
  }
  return most;
}

export function Grid({ store, size, columns: setColumns, label, open }: {
  store: ReviewStore; size: number; columns: (count: number) => void; label: string; open: () => void;
}) {
  useAnyChange(store);
  const cursor = useCursor(store);
  const box = useRef<HTMLDivElement>(null);
  const [{ width, height }, measure] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const measured = new ResizeObserver(([entry]) => entry && measure({ width: entry.contentRect.width, height: entry.contentRect.height }));
    measured.observe(node);
    return () => measured.disconnect();
  }, []);
  const columns = columnsFor(store.view.length, Math.max(1, Math.floor((width + GAP) / (size + GAP))), width, height);
  const side = (width - GAP * (columns - 1)) / columns;
  useEffect(() => setColumns(columns), [columns, setColumns]);

  const rows = useVirtualizer({
    count: width ? Math.ceil(store.view.length / columns) : 0,
    getScrollElement: () => box.current,
    estimateSize: () => side + CAPTION + GAP,
    overscan: 3,
  });
  useEffect(() => rows.measure(), [rows, side]);
  useEffect(() => {
    const at = cursor ? store.view.indexOf(cursor) : -1;
    if (at >= 0 && width) rows.scrollToIndex(Math.floor(at / columns), { align: "auto" });
    if (document.activeElement?.closest("[data-review-grid]")) {
      requestAnimationFrame(() => box.current?.querySelector<HTMLElement>("[data-here]")?.focus({ preventScroll: true }));
    }
  }, [cursor, columns, rows, store, width]);

  return (
    <div ref={box} className={css.grid} data-review-grid role="group" aria-label={label}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map((row) => (
          <div key={row.key} className={css.gridRow} style={{ transform: `translateY(${row.start}px)`, gridTemplateColumns: `repeat(${columns}, 1fr)`, height: side + CAPTION }}>
            {store.view.slice(row.index * columns, (row.index + 1) * columns).map((id) => <Cell key={id} store={store} id={id} open={open} />)}
          </div>
        ))}
      </div>
    </div>
  );
}
