/** The list in memory. A line is replaced when it changes, so each row of the screen hears of its own line only. */
import { useMemo, useSyncExternalStore } from "react";
import { groupOf, isMoving, type Entry, type Group } from "./entry";

export type Pause = "" | "person" | "away" | "signed-out" | "full";
export type Summary = {
  /** All lines in order, and those of each group. */
  all: readonly string[];
  groups: Record<Group, readonly string[]>;
  /** What can be tried again. */
  again: number;
  /** Files still to be sent, and all of this go. */
  left: number;
  sent: number;
  bytes: { sent: number; all: number };
  unpacking: number;
  pause: Pause;
  pauseWords: string;
  /** Files that would not outlive a reload, and whether the browser has said that it is full. */
  unkept: number;
  roomless: boolean;
  /** Files seen so far in a folder that is being read; 0: none is. */
  reading: number;
  loaded: boolean;
  /** What became of the files that were added last, where not all of them went into the list. */
  note: string;
};

const SOON_MS = 120;
const groups = (): Record<Group, string[]> => ({ ready: [], look: [], bad: [], open: [], none: [] });

class Store {
  private entries = new Map<string, Entry>();
  private fractions = new Map<string, number>();
  private rows = new Map<string, Set<() => void>>();
  private watchers = new Set<() => void>();
  private changed = new Set<(entry: Entry) => void>();
  private soon: ReturnType<typeof setTimeout> | undefined;
  private order: string[] | null = null;
  flags = { pause: "" as Pause, pauseWords: "", roomless: false, reading: 0, loaded: false, note: "" };
  summary: Summary = this.summed();

  get = (id: string): Entry | undefined => this.entries.get(id);
  fraction = (id: string): number => this.fractions.get(id) ?? 0;
  all(): readonly Entry[] {
    this.order ??= [...this.entries.values()].sort((a, b) => a.order - b.order).map((entry) => entry.id);
    return this.order.flatMap((id) => this.entries.get(id) ?? []);
  }

  put(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.entries.set(entry.id, entry);
      this.tell(entry);
    }
    this.order = null;
    this.later();
  }

  patch(id: string, change: Partial<Entry>): Entry | undefined {
    const old = this.entries.get(id);
    if (!old) return undefined;
    const entry = { ...old, ...change };
    this.entries.set(id, entry);
    this.tell(entry);
    this.later();
    return entry;
  }

  progress(id: string, fraction: number): void {
    this.fractions.set(id, fraction);
    this.rows.get(id)?.forEach((changed) => changed());
    this.later();
  }

  drop(ids: readonly string[]): void {
    for (const id of ids) {
      this.entries.delete(id);
      this.fractions.delete(id);
    }
    this.order = null;
    this.now();
  }

  flag(change: Partial<Store["flags"]>): void {
    Object.assign(this.flags, change);
    this.now();
  }

  onChange = (heard: (entry: Entry) => void): (() => void) => (this.changed.add(heard), () => this.changed.delete(heard));
  watch = (heard: () => void): (() => void) => (this.watchers.add(heard), () => this.watchers.delete(heard));
  watchRow = (id: string) => (heard: () => void): (() => void) => {
    const rows = this.rows.get(id) ?? new Set();
    this.rows.set(id, rows.add(heard));
    return () => void (rows.delete(heard), rows.size === 0 && this.rows.delete(id));
  };

  /** The sums, at most eight times a second: there are thousands of lines, and three of them move at any time. */
  private later(): void {
    this.soon ??= setTimeout(() => this.now(), SOON_MS);
  }

  now(): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    this.summary = this.summed();
    for (const heard of this.watchers) heard();
  }

  private tell(entry: Entry): void {
    this.rows.get(entry.id)?.forEach((changed) => changed());
    for (const heard of this.changed) heard(entry);
  }

  private summed(): Summary {
    const found = groups();
    const all: string[] = [];
    const sum = { again: 0, left: 0, sent: 0, unpacking: 0, unkept: 0, bytes: { sent: 0, all: 0 } };
    for (const entry of this.all()) {
      all.push(entry.id);
      found[groupOf(entry)].push(entry.id);
      if (entry.wrong?.again) sum.again++;
      if (entry.kind === "member" || entry.kind === "list") continue;
      const open = entry.state === "queued" || isMoving(entry);
      if (entry.state === "unpacking") sum.unpacking++;
      if (open) sum.left++;
      else if (entry.state === "done" || entry.state === "unpacking") sum.sent++;
      if (open && !entry.kept) sum.unkept++;
      if (!entry.used && entry.state !== "failed" && entry.state !== "lost") {
        sum.bytes.all += entry.bytes;
        // The last tenth is the service's look at it.
        sum.bytes.sent += entry.bytes * (!open ? 1 : 0.9 * (entry.state === "checking" ? 1 : this.fraction(entry.id)));
      }
    }
    return { all, groups: found, ...sum, ...this.flags };
  }
}

export const store = new Store();

export const useSummary = (): Summary => useSyncExternalStore(store.watch, () => store.summary);
export function useEntry(id: string): Entry | undefined {
  return useSyncExternalStore(useMemo(() => store.watchRow(id), [id]), () => store.get(id));
}
export function useFraction(id: string): number {
  return useSyncExternalStore(useMemo(() => store.watchRow(id), [id]), () => store.fraction(id));
}
