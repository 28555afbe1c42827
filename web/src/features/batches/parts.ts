import type { Part } from "~/shared/ui/marks";

/** A batch's counts as the parts of one bar, in the order in which items move; what is not finished is the bar's empty rest. */
export function partsOf(counts: Record<string, number>): Part[] {
  const count = (name: string) => counts[name] ?? 0;
  return [
    { value: count("approved"), tone: "ok", words: "approved" },
    { value: count("review"), tone: "look", words: "ready for review" },
    { value: count("skipped"), tone: "plain", words: "skipped" },
    { value: count("rejected"), tone: "no", words: "rejected" },
    { value: count("failed"), tone: "no", words: "failed" },
  ];
}

/** The same with what is not finished yet, for the legend in words. */
export function countsOf(counts: Record<string, number>): { value: number; tone: Part["tone"] | "rest"; words: string }[] {
  return [...partsOf(counts), { value: counts.processing ?? 0, tone: "rest", words: "to come" }, { value: counts.cancelled ?? 0, tone: "rest", words: "not made" }];
}
