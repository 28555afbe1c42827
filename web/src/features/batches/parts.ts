import type { Part } from "~/shared/ui/marks";

/** A batch's counts as the parts of one bar, in the order in which items move. */
export function partsOf(counts: Record<string, number>): Part[] {
  const count = (name: string) => counts[name] ?? 0;
  return [
    { value: count("approved"), tone: "ok", words: "approved" },
    { value: count("review"), tone: "look", words: "ready for review" },
    { value: count("skipped"), tone: "plain", words: "skipped" },
    { value: count("rejected"), tone: "no", words: "rejected" },
    { value: count("failed"), tone: "no", words: "failed" },
    { value: count("processing"), tone: "busy", words: "in progress" },
  ];
}
