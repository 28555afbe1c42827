/** The groups of review, and the order of items in them. */
import type { Item } from "~/api/types";

export type Group = "look" | "fine" | "skipped" | "decided" | "all";

export const inGroup: Record<Group, (item: Item) => boolean> = {
  look: (item) => item.status === "review" && item.needs_look,
  fine: (item) => item.status === "review" && !item.needs_look,
  skipped: (item) => item.status === "skipped",
  decided: (item) => item.status === "approved" || item.status === "rejected",
  all: () => true,
};
export const badChecks = (item: Item): string[] => [...new Set(item.findings.filter((one) => one.verdict === "warn" || one.verdict === "fail").map((one) => one.check))];
/** In the group that needs a look the worst first; in others by position, with the angles of a product together. */
export function arranged(items: Item[], group: Group): Item[] {
  if (group === "look") return items.sort((a, b) => b.worst - a.worst || a.position - b.position);
  const first = new Map<string, number>();
  const product = (item: Item) => (item.sku ? `${item.sku}\n${item.style}` : item.id);
  for (const item of items) first.set(product(item), Math.min(item.position, first.get(product(item)) ?? Infinity));
  const place = (item: Item) => first.get(product(item)) ?? 0;
  return items.sort((a, b) => place(a) - place(b) || product(a).localeCompare(product(b)) || a.position - b.position);
}
