/** Contact sheets of twelve, for pictures without findings: reviewed at a glance, approved together. */
import { Button } from "@mantine/core";
import { IconCheck, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { review as copy } from "~/shared/copy/review";
import { notify } from "~/shared/notify";
import { useKeys } from "~/shared/keys";
import { KeyCap } from "~/shared/ui/KeyCap";
import { Cell } from "./Cell";
import css from "./review.module.css";
import type { ReviewStore } from "./store";
import { useAnyChange, useCursor } from "./hooks";

const ON_SHEET = 12;
const LOOKED_MS = 2_000;
const [GAP, CAPTION] = [12, 29];

/** Twelve as 4 × 3 or as 6 × 2, whichever shows them larger; each is as wide as its picture. */
function layoutFor(width: number, height: number): { columns: number; side: number } {
  const sideOf = (columns: number) => Math.min((width - GAP * (columns - 1)) / columns, (height - GAP * (ON_SHEET / columns - 1)) / (ON_SHEET / columns) - CAPTION);
  const columns = sideOf(6) > sideOf(4) ? 6 : 4;
  return { columns, side: Math.max(80, Math.floor(sideOf(columns))) };
}

export function Sheet({ store, columns: setColumns, open }: { store: ReviewStore; columns: (count: number) => void; open: () => void }) {
  useAnyChange(store);
  const cursor = useCursor(store);
  const pages = Math.max(1, Math.ceil(store.view.length / ON_SHEET));
  const page = Math.floor(Math.max(0, cursor ? store.view.indexOf(cursor) : 0) / ON_SHEET);
  const shown = store.view.slice(page * ON_SHEET, (page + 1) * ON_SHEET);
  const left = shown.filter((id) => store.items.get(id)?.status === "review");

  const box = useRef<HTMLDivElement>(null);
  const [{ columns, side }, setLayout] = useState({ columns: 4, side: 0 });
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const measured = new ResizeObserver(([entry]) => entry && setLayout(layoutFor(entry.contentRect.width, entry.contentRect.height)));
    measured.observe(node);
    return () => measured.disconnect();
  }, []);
  useEffect(() => setColumns(columns), [columns, setColumns]);

  // Since when this sheet has been on the screen: nobody can have reviewed it in a moment.
  const since = useRef(Date.now());
  useEffect(() => void (since.current = Date.now()), [page]);
  // The next sheet's pictures are loaded while this one is reviewed.
  useEffect(() => {
    for (const id of store.view.slice((page + 1) * ON_SHEET, (page + 2) * ON_SHEET)) new Image().src = store.items.get(id)?.after ?? "";
  }, [page, store]);

  const turn = (to: number) => store.moveTo(store.view[Math.max(0, Math.min(pages - 1, to)) * ON_SHEET] ?? cursor);
  const approve = () => {
    if (Date.now() - since.current < LOOKED_MS) return notify(copy.sheet.tooSoon);
    const next = store.view[(page + 1) * ON_SHEET];
    store.decide(left, "approve");
    if (next) store.moveTo(next);
  };
  useKeys({ "shift+a": approve, pagedown: () => turn(page + 1), pageup: () => turn(page - 1) });

  return (
    <div className={css.sheetPane}>
      <div ref={box} className={css.sheet} data-review-grid style={{ gridTemplateColumns: `repeat(${columns}, ${side}px)`, gridAutoRows: side + CAPTION }}>
        {shown.map((id) => <Cell key={id} store={store} id={id} eager open={open} />)}
      </div>
      <div className={css.sheetBar}>
        <Button variant="default" leftSection={<IconChevronLeft size={16} />} disabled={page === 0} onClick={() => turn(page - 1)} aria-label={copy.sheet.previous}>{copy.sheet.previous}</Button>
        <span className="num soft">{copy.sheet.page(page + 1, pages)}</span>
        <Button variant="default" rightSection={<IconChevronRight size={16} />} disabled={page >= pages - 1} onClick={() => turn(page + 1)} aria-label={copy.sheet.next}>{copy.sheet.next}</Button>
        <span style={{ flex: 1 }} />
        <Button color="ok.7" size="md" leftSection={<IconCheck size={18} />} rightSection={<><KeyCap hidden>⇧</KeyCap><KeyCap hidden>A</KeyCap></>} disabled={left.length === 0} onClick={approve}>
          {copy.sheet.approvePage(left.length)}
        </Button>
      </div>
    </div>
  );
}
