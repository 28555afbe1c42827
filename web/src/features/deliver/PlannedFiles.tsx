/** The files that will go, and below them the photos that will not, and why. */
import { IconChevronRight } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { ExportPlan } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { Picture } from "~/shared/ui/Picture";
import { RowsWaiting } from "~/shared/ui/states";
import { pictureOf } from "./queries";
import type { Items } from "./useItems";
import css from "./deliver.module.css";

const ROW = 56;

export function PlannedFiles({ planned, items, nameOf, dim }: {
  planned: ExportPlan | undefined; items: Items; nameOf: (channel: string) => string; dim: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const files = planned?.files ?? [];
  const rows = useVirtualizer({ count: files.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 10 });
  return (
    <section className={css.list} aria-label={copy.compose.files} data-dim={dim || undefined}>
      <div className={css.listTop}><h3>{copy.compose.files}</h3></div>
      <div ref={box} className={css.scroll} tabIndex={0} role="group" aria-label={copy.list.label}>
        {!planned && <RowsWaiting count={8} height={46} />}
        <ul className={css.files} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const file = files[row.index];
            if (!file) return null;
            return (
              <li key={row.key} className={css.file} style={{ height: ROW, transform: `translateY(${row.start}px)` }} aria-setsize={files.length} aria-posinset={row.index + 1}>
                <span className={css.thumb}><Picture src={pictureOf(items.get(file.item))} alt="" fit="contain" /></span>
                <span className="ellipsis" title={file.name}>{file.name.slice(file.name.indexOf("/") + 1)}</span>
                <span className="soft small ellipsis">{nameOf(file.channel)}</span>
                <span className="soft small num">{common.bytes(file.bytes)}</span>
              </li>
            );
          })}
        </ul>
        {planned && planned.files_total > files.length && <p className={`soft small ${css.more}`}>{copy.compose.first(files.length, planned.files_total)}</p>}
        {planned && planned.left_out_total > 0 && <LeftOut planned={planned} items={items} />}
      </div>
    </section>
  );
}

function LeftOut({ planned, items }: { planned: ExportPlan; items: Items }) {
  const [open, set] = useState(false);
  return (
    <details className={css.leftOut} onToggle={(event) => set(event.currentTarget.open)}>
      <summary>
        <IconChevronRight size={16} aria-hidden />
        <span>{copy.leftOut.title(planned.left_out_total)}</span>
        <span className="soft small">{copy.leftOut.words}</span>
      </summary>
      <ul>
        {open && planned.left_out.map((one, at) => {
          const item = items.get(one.item);
          const why = item && item.status !== "approved" ? copy.leftOut.why[item.status] : undefined;
          return (
            <li key={`${one.item}${at}`} className={css.leftOutItem}>
              <span className={css.thumb}>{item && <Picture src={pictureOf(item)} alt="" fit="contain" />}</span>
              <span className="ellipsis">{item ? item.title || item.sku || item.photo_name : "…"}</span>
              <span className="soft small">{why ?? one.reason}</span>
            </li>
          );
        })}
      </ul>
      {planned.left_out_total > planned.left_out.length && <p className="soft small">{copy.leftOut.more(planned.left_out_total - planned.left_out.length)}</p>}
    </details>
  );
}
