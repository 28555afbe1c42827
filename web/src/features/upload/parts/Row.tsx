/** One entry: its picture, its name and product, its state, and the actions on it. */
import { IconAlertTriangle, IconCheck, IconRefresh, IconX } from "@tabler/icons-react";
import { memo } from "react";
import { common } from "~/shared/copy/common";
import { upload as copy } from "~/shared/copy/upload";
import { Flags, Pill } from "~/shared/ui/marks";
import { remove, retry } from "../engine";
import { folderOf, nameOf, hasWarnings, type Entry } from "../engine/entry";
import { useEntry, useFraction } from "../engine/store";
import css from "../upload.module.css";
import { Thumb } from "./Thumb";

const words = copy.row;

export const Row = memo(function Row({ id, place, of }: { id: string; place: number; of: number }) {
  const entry = useEntry(id);
  if (!entry) return null;
  const name = nameOf(entry);
  return (
    <div className={css.row} role="listitem" aria-posinset={place + 1} aria-setsize={of} data-state={entry.state}>
      <Thumb entry={entry} />
      <div className={css.text}>
        <strong className="ellipsis" title={entry.path}>{name}</strong>
        <Facts entry={entry} />
        <RowMessage entry={entry} />
      </div>
      <div className={css.state}><RowStatus entry={entry} /></div>
      {/* Plain buttons: hundreds of rows pass by in a second of scrolling. */}
      <div className={css.actions}>
        {entry.wrong?.again && (
          <button type="button" title={words.retry} aria-label={words.retryOf(name)} onClick={() => retry([id])}><IconRefresh size={17} stroke={1.7} aria-hidden /></button>
        )}
        <button type="button" title={words.remove} aria-label={words.removeOf(name)} onClick={(event) => (passFocus(event.currentTarget), remove([id]))}><IconX size={17} stroke={1.7} aria-hidden /></button>
      </div>
    </div>
  );
});

/** The row is about to be removed: the next one's button takes the focus. */
function passFocus(button: HTMLElement): void {
  const place = button.closest("[data-index]");
  const next = place?.nextElementSibling ?? place?.previousElementSibling;
  requestAnimationFrame(() => next?.querySelector<HTMLElement>("button:last-of-type")?.focus());
}

function Facts({ entry }: { entry: Entry }) {
  const { photo, kind, job, rows } = entry;
  const folder = folderOf(entry);
  const facts = [
    photo && kind === "photo" && photo.product ? photo.role : "",
    photo && kind === "member" ? photo.role : "",
    folder,
    photo ? words.size(photo.width, photo.height) : "",
    entry.bytes > 0 && kind !== "list" ? common.bytes(entry.bytes) : "",
    kind === "zip" && entry.state === "done" && job ? words.members(job.total) : "",
    rows ? (rows.missing.length ? words.rows(rows.here, rows.all) : words.allRows(rows.all)) : "",
  ].filter(Boolean);
  return (
    <span className={`soft small ellipsis num ${css.facts}`}>
      {entry.sku ? <span className={css.sku}>{entry.sku}</span> : kind === "photo" && entry.state !== "failed" && <span>{words.noProduct}</span>}
      {facts.map((fact, at) => <span key={at}>{fact}</span>)}
    </span>
  );
}

/** The sentence that explains the entry's state, where there is one. */
function RowMessage({ entry }: { entry: Entry }) {
  const first = entry.findings.find((one) => one.verdict === "warn" || one.verdict === "fail");
  if (entry.wrong) {
    const { words: what, remedy, reference } = entry.wrong;
    return <span className={`small ${css.message}`} data-bad>{[what, remedy, reference && `(${reference})`].filter(Boolean).join(" ")}</span>;
  }
  const said = (entry.kind !== "photo" && entry.kind !== "member" && entry.said) || "";
  const message = first?.words
    || (entry.rows?.missing.length ? words.missing(entry.rows.missing, entry.rows.all - entry.rows.here) : "")
    || (entry.note === "unlisted" ? words.unlisted : entry.note === "plans" ? words.plans : "");
  const all = [message, said].filter(Boolean).join(" ");
  return all ? <span className={`small ${css.message}`}>{all}</span> : null;
}

function RowStatus({ entry }: { entry: Entry }) {
  const { state, job, kind } = entry;
  if (state === "sending" || state === "unpacking") return <RowProgress entry={entry} />;
  if (state === "checking") return <span className={`soft small ${css.busy}`}>{words.checking}</span>;
  if (state === "queued") return <span className="soft small">{words.queued}</span>;
  if (state === "failed") return <Pill tone="no" icon={<IconAlertTriangle size={13} stroke={2} aria-hidden />}>{entry.wrong?.again ? words.failed : words.refused}</Pill>;
  if (state === "lost") return <Pill tone="look" icon={<IconAlertTriangle size={13} stroke={2} aria-hidden />}>{words.lost}</Pill>;
  if (kind === "list") return null;
  if (hasWarnings(entry)) return <Flags findings={entry.findings} most={2} />;
  return <Pill tone="ok" icon={<IconCheck size={13} stroke={2.2} aria-hidden />}>{job && !entry.photo ? words.imported : words.ready}</Pill>;
}

function RowProgress({ entry }: { entry: Entry }) {
  const sent = useFraction(entry.id);
  const { job } = entry;
  const fraction = entry.state === "unpacking" ? (job?.total ? job.done / job.total : 0) : sent;
  const message = entry.state === "unpacking" ? words.unpacking(job?.done ?? 0, job?.total ?? 0) : words.sending(fraction);
  return (
    <span className={css.moving}>
      <span className="soft small num">{message}</span>
      <span className={css.line} aria-hidden><span style={{ transform: `scaleX(${fraction})` }} /></span>
    </span>
  );
}
