/** The items as a list: photo and picture, product, status, findings. */
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Item } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { stages } from "~/shared/copy/statuses";
import { Flags, Status } from "~/shared/ui/marks";
import { Picture } from "~/shared/ui/Picture";
import css from "./sheet.module.css";
import { nameOf } from "./Tile";

const copy = batches.one;

export function ItemRows({ items, styleNames, several, more, load }: { items: Item[]; styleNames: Map<string, string>; several: boolean; more: boolean; load: () => void }) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroll.current, estimateSize: () => 77, overscan: 8 });
  const shown = rows.getVirtualItems();
  const end = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && end >= items.length - 20) load();
  }, [end, items.length, load, more]);
  const { columns } = copy;
  return (
    <div className={css.scroll} ref={scroll} tabIndex={0} role="group" aria-label={copy.sheet}>
      <div role="table" aria-label={copy.sheet} aria-rowcount={items.length + 1} className={css.rows} data-one={several ? undefined : true}>
        <div role="row" className={css.head}>
          {[columns.picture, columns.product, columns.style, columns.state, columns.findings].map((words) => <span key={words} role="columnheader">{words}</span>)}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {shown.map((row) => {
            const item = items[row.index];
            return item && (
              <div key={item.id} role="row" aria-rowindex={row.index + 2} className={css.item} style={{ transform: `translateY(${row.start}px)` }}>
                <Row item={item} style={styleNames.get(item.style) ?? copy.styleGone} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Row({ item, style }: { item: Item; style: string }) {
  const name = nameOf(item);
  const ready = item.after && item.status !== "processing";
  return (
    <>
      <span role="cell" className={css.pair}>
        <span><Picture src={item.thumb} alt={copy.before} fit="cover" /></span>
        <span>{item.after && <Picture src={item.after} alt={copy.after} />}</span>
      </span>
      <span role="cell" className={css.what}>
        {ready
          ? <Link to="/review/$batch" params={{ batch: item.batch }} search={{ group: "all", item: item.id }} className="ellipsis" aria-label={copy.openInReview(name)}>{name}</Link>
          : <strong className="ellipsis">{name}</strong>}
        <span className="soft small ellipsis">{[item.sku !== name && item.sku, item.role, item.photo_name !== name && item.photo_name].filter(Boolean).join(" · ")}</span>
      </span>
      <span role="cell" className="ellipsis">{style}</span>
      <span role="cell" className={css.what}>
        <span><Status of={item.status} /></span>
        {item.status === "processing" && <span className="soft small">{stages[item.stage] ?? ""}</span>}
      </span>
      <span role="cell" className={css.findingCount}>
        {item.error ? <span className="small">{batches.causes[item.error.cause]?.title ?? item.error.reason}</span>
          : item.status === "review" && !item.needs_look ? <span className="soft small">{copy.noFindings}</span>
          : <Flags findings={item.findings} most={2} />}
      </span>
    </>
  );
}
