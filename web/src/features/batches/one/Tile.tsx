/** One picture: the photo waits in gray, and develops into the finished picture when that comes. */
import { IconAlertTriangle, IconCheck, IconPlayerSkipForward, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo, useRef } from "react";
import type { Item } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { stages, statuses } from "~/shared/copy/statuses";
import { Picture } from "~/shared/ui/Picture";
import css from "./sheet.module.css";

const copy = batches.one;
export const nameOf = (item: Item): string => item.title || item.sku || item.photo_name || copy.untitled;
export const stateOf = (item: Item): string =>
  item.status === "processing" ? (item.stage && item.attempts === 0 ? (stages[item.stage] ?? "") : "") || (statuses.processing ?? "")
  : item.status === "review" && item.needs_look ? copy.needsLook
  : (statuses[item.status] ?? item.status);

export const Tile = memo(function Tile({ item, style, going, calm }: { item: Item; style: string; going: boolean; calm: boolean }) {
  const waited = useRef(!item.after); // what was finished from the start is not animated
  const name = nameOf(item);
  const finished = Boolean(item.after) && item.status !== "processing" && item.status !== "failed";
  const inside = (
    <>
      <div className={css.frame} data-status={item.status}>
        {(!finished || waited.current) && <div className={css.raw}><Picture src={item.thumb} alt="" /></div>}
        {finished && <div className={css.result} data-new={waited.current || undefined}><Picture src={item.after} alt="" /></div>}
        {item.status === "processing" && going && !(calm && item.stage === "segment") && <span className={css.shimmer} aria-hidden />}
      </div>
      <div className={css.words}>
        <Mark item={item} />
        <span className="ellipsis">{name}</span>{" "}
        <span className={`${css.state} ellipsis`}>{style || (item.status === "failed" || (item.status === "processing" && going) ? stateOf(item) : "")}</span>
      </div>
    </>
  );
  const label = copy.tile(style ? `${name}, ${style}` : name, item.status === "processing" && !going ? copy.waiting : stateOf(item));
  if (!finished) return <div className={css.tile} role="img" aria-label={label}>{inside}</div>;
  return (
    <Link to="/review/$batch" params={{ batch: item.batch }} search={{ group: "all", item: item.id }} className={css.tile} aria-label={label}>{inside}</Link>
  );
});

function Mark({ item }: { item: Item }) {
  const icon = { size: 14, stroke: 2.2, "aria-hidden": true } as const;
  if (item.status === "approved") return <span className={css.mark} data-tone="ok" title={statuses.approved}><IconCheck {...icon} /></span>;
  if (item.status === "rejected") return <span className={css.mark} data-tone="no" title={statuses.rejected}><IconX {...icon} /></span>;
  if (item.status === "skipped") return <span className={css.mark} title={statuses.skipped}><IconPlayerSkipForward {...icon} /></span>;
  if (item.status === "failed") return <span className={css.mark} data-tone="no" title={statuses.failed}><IconAlertTriangle {...icon} /></span>;
  if (item.status === "review" && item.needs_look) return <span className={css.mark} data-tone="look" title={copy.needsLook}><IconAlertTriangle {...icon} /></span>;
  return null;
}
