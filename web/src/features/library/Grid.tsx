/**
 * A grid of thousands of items: only the rows in view are rendered. One cell can be tabbed to; arrow keys move, Space
 * selects, Shift extends the selection, Enter opens.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Cell } from "./Cell";
import type { Selection } from "./selection";
import css from "./grid.module.css";

const GAP = 18;
const PAD = 24;
const CAPTION = 54;

// The scroll position of each view, restored on the way back from a product.
const scrollTops = new Map<string, number>();

export type Render<T> = (thing: T) => ReactNode;

export function Grid<T extends { id: string }>({ view, items, label, size, selection, render, name, open, drag, more, foot }: {
  view: string; items: readonly T[]; label: string; size: number; selection: Selection; render: Render<T>; name: (thing: T) => string;
  open: (thing: T) => void; drag?: (event: React.DragEvent, thing: T) => void; more: () => void; foot?: ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState(0);
  const focusing = useRef(false);

  useLayoutEffect(() => {
    const node = scroller.current;
    if (!node) return;
    const measure = () => setWidth(node.clientWidth - 2 * PAD);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(node);
    return () => watch.disconnect();
  }, []);

  const columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
  const side = Math.max(80, (width - (columns - 1) * GAP) / columns);
  const rows = Math.ceil(items.length / columns);
  const virtual = useVirtualizer({
    count: width > 0 ? rows : 0, getScrollElement: () => scroller.current, estimateSize: () => side + CAPTION + GAP,
    overscan: 3, paddingStart: PAD, paddingEnd: 96, scrollPaddingStart: PAD, scrollPaddingEnd: 96,
  });
  useEffect(() => virtual.measure(), [side, virtual]);

  const ready = width > 0;
  useLayoutEffect(() => {
    if (ready && scroller.current) scroller.current.scrollTop = scrollTops.get(view) ?? 0;
  }, [ready, view]);

  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length > 0 && last >= rows - 3) more();
  }, [last, rows, items.length, more]);

  const active = Math.min(at, items.length - 1);
  useEffect(() => {
    if (!focusing.current) return;
    virtual.scrollToIndex(Math.floor(active / columns), { align: "auto" });
    const soon = requestAnimationFrame(() => {
      focusing.current = false;
      scroller.current?.querySelector<HTMLElement>(`[data-at="${active}"]`)?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(soon);
  }, [active, columns, virtual]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target as HTMLElement).matches("[data-at]") || event.altKey || event.metaKey || event.ctrlKey) return;
    const here = items[active];
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / (side + CAPTION + GAP))) * columns;
    const steps: Record<string, number> = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: page, PageUp: -page, Home: -active, End: items.length - 1 - active,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(items.length - 1, active + step));
      if (next !== active) focusing.current = true;
      setAt(next);
      const target = items[next];
      if (event.shiftKey && here && target) (selection.ids.size === 0 && selection.toggle(here.id), selection.rangeTo(target.id));
    } else if (event.key === " " && here) {
      event.preventDefault();
      if (event.shiftKey) selection.rangeTo(here.id);
      else selection.toggle(here.id);
    } else if (event.key === "Enter" && here) {
      event.preventDefault();
      open(here);
    }
  };

  const pick = useCallback((id: string, reaches: boolean) => (reaches ? selection.rangeTo(id) : selection.toggle(id)), [selection.rangeTo, selection.toggle]);
  return (
    <div ref={scroller} className={css.scroller} onScroll={(event) => scrollTops.set(view, event.currentTarget.scrollTop)} data-picking={selection.ids.size > 0 || undefined}>
      <div
        role="grid" aria-label={label} aria-rowcount={rows} aria-colcount={columns} aria-multiselectable="true" onKeyDown={onKeyDown}
        style={{ height: virtual.getTotalSize(), position: "relative" }}
      >
        {visible.map((row) => (
          <div
            key={row.key} role="row" aria-rowindex={row.index + 1} className={css.line}
            style={{ transform: `translateY(${row.start}px)`, gridTemplateColumns: `repeat(${columns}, ${side}px)`, gap: GAP, left: PAD }}
          >
            {items.slice(row.index * columns, (row.index + 1) * columns).map((thing, column) => {
              const index = row.index * columns + column;
              return (
                <Cell
                  key={thing.id} item={thing} index={index} column={column} active={index === active} selected={selection.ids.has(thing.id)}
                  name={name(thing)} render={render} pick={pick} focused={setAt} open={open} drag={drag}
                />
              );
            })}
          </div>
        ))}
      </div>
      {foot}
    </div>
  );
}
