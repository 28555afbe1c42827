/** The progress of all files, why sending is paused, and whether the page may be left. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCloudOff, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect } from "react";
import { announce } from "~/shared/announce";
import { upload as copy } from "~/shared/copy/upload";
import { pause, resume } from "../engine";
import { nameOf } from "../engine/entry";
import { usePace } from "../engine/pace";
import { store, useSummary, type Summary } from "../engine/store";
import css from "../upload.module.css";

const words = copy.status;

export function StatusStrip() {
  const summary = useSummary();
  const pace = usePace();
  const { left, unpacking, reading } = summary;
  const isPaused = left > 0 && summary.pause !== "";
  const reason = isPaused && summary.pause !== "person" ? why(summary) : "";
  useEffect(() => {
    if (summary.pause && reason) announce(reason);
  }, [summary.pause]); // once for each pause, not for each count in it
  if (left + unpacking === 0 && !reading) return null;
  const sends = left > 0;
  const done = sends ? pace.fraction : unpackingNow()?.fraction ?? 0;
  return (
    <section className={css.strip} aria-label={words.label} data-stands={(isPaused && summary.pause !== "person") || undefined}>
      <div className={css.stripLine}>
        {isPaused && (summary.pause === "person" ? <IconPlayerPause size={17} aria-hidden /> : <IconCloudOff size={17} aria-hidden />)}
        <span className={css.stripWords}>
          <strong className="num">{reading ? copy.drop.reading(Math.max(0, reading)) : isPaused ? why(summary) : sends ? words.sending(pace.done, pace.total) : unpackingNow()?.words}</strong>
          {sends && !isPaused && <span className="soft num">{pace.secondsLeft === null ? words.estimating : words.left(pace.secondsLeft)}</span>}
        </span>
        {sends && (isPaused ? (
          <Button size="compact-sm" variant="default" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={resume}>{copy.resume}</Button>
        ) : (
          <Button size="compact-sm" variant="default" leftSection={<IconPlayerPause size={14} aria-hidden />} onClick={pause}>{copy.pause}</Button>
        ))}
      </div>
      {sends && (
        <div className={css.line} role="progressbar" aria-label={words.label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(done * 100)}>
          <span style={{ transform: `scaleX(${done})` }} />
        </div>
      )}
      {sends && summary.storageFull && summary.unstored > 0 ? (
        <p className={`small ${css.storageFull}`}><IconAlertTriangle size={15} aria-hidden />{words.storageFull(summary.unstored)}</p>
      ) : sends && summary.unstored === 0 && !isPaused ? <p className="soft small">{words.stored}</p> : null}
    </section>
  );
}

function why({ pause: reason, pauseWords, left }: Summary): string {
  if (reason === "person") return words.paused(left);
  if (reason === "signed-out") return words.signedOut;
  return reason === "full" ? words.full(pauseWords) : words.away(left);
}

/** The first ZIP or list that is being worked through. */
function unpackingNow(): { words: string; fraction: number } | undefined {
  const entry = store.all().find((one) => one.state === "unpacking");
  if (!entry) return undefined;
  const { done = 0, total = 0 } = entry.job ?? {};
  return { words: words.unpacking(nameOf(entry), done, total), fraction: total ? done / total : 0 };
}
