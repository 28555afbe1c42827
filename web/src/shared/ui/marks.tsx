/** Small marks: states, findings, progress. Never by colour alone. */
import { IconAlertTriangle, IconCheck, IconClock, IconPlayerSkipForward, IconPlayerPause, IconX, IconLoader2, IconBan, IconSend } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Finding } from "~/api/types";
import { shortOf } from "~/shared/copy/findings";
import { statuses } from "~/shared/copy/statuses";
import css from "./marks.module.css";

type Tone = "ok" | "no" | "look" | "plain" | "busy";
const tones: Record<string, [Tone, typeof IconCheck]> = {
  approved: ["ok", IconCheck], exported: ["ok", IconSend], done: ["ok", IconCheck], rejected: ["no", IconX], failed: ["no", IconAlertTriangle],
  skipped: ["plain", IconPlayerSkipForward], review: ["plain", IconClock], processing: ["busy", IconLoader2], running: ["busy", IconLoader2],
  validating: ["busy", IconLoader2], queued: ["plain", IconClock], created: ["plain", IconClock], paused: ["plain", IconPlayerPause], cancelled: ["plain", IconBan],
};

/** The state of a batch, an item or a job, as a word with a sign. */
export function Status({ of }: { of: string }) {
  const [tone, Icon] = tones[of] ?? ["plain", IconClock];
  return <Pill tone={tone} icon={<Icon size={13} stroke={2} aria-hidden />}>{statuses[of] ?? of}</Pill>;
}

export function Pill({ tone = "plain", icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return <span className={css.pill} data-tone={tone}>{icon}{children}</span>;
}

/** Findings as short badges; the sentence is the tooltip and is read out. */
export function Flags({ findings, most = 3 }: { findings: readonly Finding[]; most?: number }) {
  const bad = findings.filter((one) => one.verdict === "fail" || one.verdict === "warn");
  if (bad.length === 0) return null;
  return (
    <ul className={css.flags}>
      {bad.slice(0, most).map((one, at) => (
        <li key={`${one.check}${at}`} title={one.words}>
          <Pill tone={one.verdict === "fail" ? "no" : "look"} icon={<IconAlertTriangle size={13} stroke={2} aria-hidden />}>{shortOf(one.check)}</Pill>
          <span className="visually-hidden">{one.words}</span>
        </li>
      ))}
      {bad.length > most && <li><Pill>+{bad.length - most}</Pill></li>}
    </ul>
  );
}

export type Part = { value: number; tone: Tone; words: string };

/** A bar of parts, with what it says in words for those who do not see it. */
export function Bar({ parts, total, label, height = 8 }: { parts: Part[]; total: number; label: string; height?: number }) {
  const words = parts.filter((part) => part.value > 0).map((part) => `${part.value} ${part.words}`).join(", ");
  return (
    <div className={css.bar} style={{ height }} role="img" aria-label={`${label}: ${words || 0}`}>
      {parts.map((part) => part.value > 0 && (
        <span key={part.words} data-tone={part.tone} style={{ width: `${(100 * part.value) / Math.max(1, total)}%` }} title={`${part.value} ${part.words}`} />
      ))}
    </div>
  );
}
