/** The versions of a picture: what changed from one to the next and why, and who decided what. */
import { Button, Drawer } from "@mantine/core";
import type { ItemDetail } from "~/api/types";
import { common } from "~/shared/copy/common";
import { review as copy } from "~/shared/copy/review";
import { Flags } from "~/shared/ui/marks";
import css from "./review.module.css";

export function Versions({ opened, close, item, nameOf, compare }: {
  opened: boolean; close: () => void; item: ItemDetail | undefined; nameOf: (by: string | null) => string; compare: (version: number) => void;
}) {
  return (
    <Drawer opened={opened} onClose={close} position="right" size="md" title={copy.versions.title}>
      <ol className={css.versions}>
        {[...(item?.versions ?? [])].reverse().map((version) => (
          <li key={version.version}>
            <div className={css.versionPicture}>{version.after && <img src={version.after} alt={copy.compare.version(version.version)} />}</div>
            <div className={css.versionFacts}>
              <h3>{copy.compare.version(version.version)}{version.version === item?.version && <span className="soft"> · {copy.versions.current}</span>}</h3>
              <p className="soft small">{reasonOf(version.reason)} · {version.style_name} · {common.ago(version.created_at)}</p>
              {version.changed.length > 0 && (
                <dl className={css.changes} aria-label={copy.versions.changed}>
                  {version.changed.map((one) => (
                    <div key={one.parameter}>
                      <dt>{copy.parameters[one.parameter] ?? plain(one.parameter)}</dt>
                      <dd className="num">{copy.versions.from(shown(one.before), shown(one.after))}</dd>
                    </div>
                  ))}
                </dl>
              )}
              <Flags findings={version.findings} />
              <Decisions item={item} version={version.version} nameOf={nameOf} />
              {version.version !== item?.version && version.after && <Button size="xs" variant="default" onClick={() => compare(version.version)}>{copy.versions.compare}</Button>}
            </div>
          </li>
        ))}
      </ol>
    </Drawer>
  );
}

function Decisions({ item, version, nameOf }: { item: ItemDetail | undefined; version: number; nameOf: (by: string | null) => string }) {
  const mine = (item?.decisions ?? []).filter((one) => one.version === version);
  return mine.map((one) => (
    <p key={one.act} className="small">
      <strong>{copy.decision[one.decision] ?? one.decision}</strong> {copy.versions.by(nameOf(one.by))}, {common.ago(one.at)}
      {one.undone_at && <span className="soft"> ({copy.versions.undone})</span>}
      {one.reason && <>: {copy.reasons[one.reason]?.title ?? plain(one.reason)}</>}
      {one.note && <q>{one.note}</q>}
    </p>
  ));
}

const reasonOf = (reason: string): string =>
  !reason ? copy.versions.firstVersion : (copy.reasons[reason]?.title ?? copy.versions.reasons[reason] ?? plain(reason));
const plain = (words: string): string => (words.charAt(0).toUpperCase() + words.slice(1)).replace(/[._]/g, " ");
function shown(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value * 100) / 100);
  return copy.values[String(value)] ?? (typeof value === "string" ? value : JSON.stringify(value));
}
