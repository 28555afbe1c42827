/** The upload list in memory. An entry is replaced when it changes, and each row of the screen watches its own entry only. */
import { useMemo, useSyncExternalStore } from "react";
import { groupOf, isMoving, type Entry, type Group } from "./entry";

export type Pause = "" | "person" | "away" | "signed-out" | "full";
export type Summary = {
  /** Ids of all entries in order, and of those of each group. */
  all: readonly string[];
  groups: Record<Group, readonly string[]>;
  /** How many can be tried again. */
  again: number;
  /** Files still to be sent, and those that were. */
  left: number;
  sent: number;
  bytes: { sent: number; all: number };
  unpacking: number;
  pause: Pause;
  pauseWords: string;
  /** Files to be sent that a reload would lose, and whether the browser has no room for more. */
  unstored: number;
  storageFull: boolean;
  /** Files counted so far in a folder that is being read; 0: none is. */
  reading: number;
  loaded: boolean;
  /** What became of the files that were added last, where not all of them went into the list. */
  note: string;
};

const SOON_MS = 120;

class Store {
  private entries = new Map<string, Entry>();
  private fractions = new Map<string, number>();
  private rows = new Map<string, Set<() => void>>();
  private watchers = new Set<() => void>();
  private listeners = new Set<(entry: Entry) => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private order: string[] | null = null;
  flags = { pause: "" as Pause, pauseWords: "", storageFull: false, reading: 0, loaded: false, note: "" };
  summary: Summary = this.summarize();

  get = (id: string): Entry | undefined => this.entries.get(id);
  fraction = (id: string): number => this.fractions.get(id) ?? 0;
  all(): readonly Entry[] {
    this.order ??= [...this.entries.values()].sort((a, b) => a.order - b.order).map((entry) => entry.id);
    return this.order.flatMap((id) => this.entries.get(id) ?? []);
  }

  put(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.entries.set(entry.id, entry);
      this.notify(entry);
    }
    this.order = null;
    this.updateSoon();
  }

  patch(id: string, change: Partial<Entry>): Entry | undefined {
    const old = this.entries.get(id);
    if (!old) return undefined;
    const entry = { ...old, ...change };
    this.entries.set(id, entry);
    this.notify(entry);
    this.updateSoon();
    return entry;
  }

  progress(id: string, fraction: number): void {
    this.fractions.set(id, fraction);
    this.rows.get(id)?.forEach((changed) => changed());
    this.updateSoon();
  }

  drop(ids: readonly string[]): void {
    for (const id of ids) {
      this.entries.delete(id);
      this.fractions.delete(id);
    }
    this.order = null;
    this.update();
  }

  flag(change: Partial<Store["flags"]>): void {
    Object.assign(this.flags, change);
    this.update();
  }

  onChange = (listener: (entry: Entry) => void): (() => void) => (this.listeners.add(listener), () => this.listeners.delete(listener));
  watch = (listener: () => void): (() => void) => (this.watchers.add(listener), () => this.watchers.delete(listener));
  watchRow = (id: string) => (listener: () => void): (() => void) => {
    const rows = this.rows.get(id) ?? new Set();
    this.rows.set(id, rows.add(listener));
    return () => void (rows.delete(listener), rows.size === 0 && this.rows.delete(id));
  };

  /** The summary, at most eight times a second: there are thousands of entries, and three of them move at any time. */
  private updateSoon(): void {
    this.timer ??= setTimeout(() => this.update(), SOON_MS);
  }

  update(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.summary = this.summarize();
    for (const listener of this.watchers) listener();
  }

  private notify(entry: Entry): void {
    this.rows.get(entry.id)?.forEach((changed) => changed());
    for (const listener of this.listeners) listener(entry);
  }

  private summarize(): Summary {
    const groups: Record<Group, string[]> = { ready: [], look: [], bad: [], open: [], none: [] };
    const all: string[] = [];
    const sum = { again: 0, left: 0, sent: 0, unpacking: 0, unstored: 0, bytes: { sent: 0, all: 0 } };
    for (const entry of this.all()) {
      all.push(entry.id);
      groups[groupOf(entry)].push(entry.id);
      if (entry.wrong?.again) sum.again++;
      if (entry.kind === "member" || entry.kind === "list") continue;
      const open = entry.state === "queued" || isMoving(entry);
      if (entry.state === "unpacking") sum.unpacking++;
      if (open) sum.left++;
      else if (entry.state === "done" || entry.state === "unpacking") sum.sent++;
      if (open && !entry.stored) sum.unstored++;
      if (!entry.used && entry.state !== "failed" && entry.state !== "lost") {
        sum.bytes.all += entry.bytes;
        // The last tenth is the time in which the service checks the file.
        sum.bytes.sent += entry.bytes * (!open ? 1 : 0.9 * (entry.state === "checking" ? 1 : this.fraction(entry.id)));
      }
    }
    return { all, groups, ...sum, ...this.flags };
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
