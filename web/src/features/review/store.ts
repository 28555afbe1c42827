/**
 * A batch under review: its items, the group in view, and the decisions with their undo.
 *
 * Outside React: each cell subscribes to its own item, so that a key press paints two cells and not two thousand.
 */
import { api, ApiError, unwrap } from "~/api/client";
import type { Item, Reviewed } from "~/api/types";
import { announce } from "~/shared/announce";
import { review as copy } from "~/shared/copy/review";
import type { Message } from "~/shared/live";
import { notify, notifyError } from "~/shared/notify";
import { arranged, badChecks, inGroup, type Group } from "./order";
import { decide, onSent, withdraw, type SentDecision } from "~/shared/outbox";

export type Decision = "approve" | "reject" | "skip" | "retry";
type Before = Pick<Item, "id" | "status" | "version">;
type Decided = { before: Before[]; key: string; act: string | null; settled: Promise<void> };

const STATUS_AFTER: Record<Decision, Item["status"]> = { approve: "approved", reject: "rejected", skip: "skipped", retry: "processing" };
const PAGE = 200;
const AT_ONCE = 500;

export const GROUPS = Object.keys(inGroup) as Group[];
type Counts = Record<Group, number> & { left: number; total: number; approved: number; rejected: number; stamp: number };

export class ReviewStore {
  readonly items = new Map<string, Item>();
  loaded = false;
  error: unknown = null;
  view: string[] = [];
  cursor: string | null = null;
  selected = new Set<string>();
  private group: Group = "look";
  private flag: string | undefined;
  private history: Decided[] = [];
  private pending = new Map<string, number>();
  private itemListeners = new Map<string, Set<() => void>>();
  private listeners = new Set<() => void>();
  private cursorListeners = new Set<() => void>();
  private stamp = 0;
  private counted: Counts | null = null;
  private unsubscribers: (() => void)[] = [];

  constructor(readonly batch: string, private me: string | null) {}

  start(): () => void {
    void this.load();
    this.unsubscribers.push(onSent((sent) => this.onLateAnswer(sent)));
    return () => this.unsubscribers.splice(0).forEach((end) => end());
  }

  // --- listeners ---

  watchItem = (id: string) => (changed: () => void): (() => void) => {
    const listeners = this.itemListeners.get(id) ?? new Set();
    this.itemListeners.set(id, listeners.add(changed));
    return () => listeners.delete(changed);
  };
  watch = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };
  /** The cursor alone: moving it renders no list again. */
  watchCursor = (changed: () => void): (() => void) => {
    this.cursorListeners.add(changed);
    return () => this.cursorListeners.delete(changed);
  };
  version = (): number => this.stamp;
  private changed(...ids: string[]): void {
    this.stamp += 1;
    for (const id of ids) for (const changed of this.itemListeners.get(id) ?? []) changed();
    for (const changed of this.listeners) changed();
  }

  // --- items ---

  async load(): Promise<void> {
    try {
      let cursor: string | undefined;
      do {
        const page = await unwrap(api.GET("/api/v1/batches/{batch_id}/items", {
          params: { path: { batch_id: this.batch }, query: { limit: PAGE, ...(cursor ? { cursor } : {}) } },
        }));
        for (const item of page.items) if (!this.pending.has(item.id)) this.items.set(item.id, item);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      this.loaded = true;
      this.error = null;
      this.arrange(this.group, this.flag);
      this.changed(...this.items.keys());
    } catch (error) {
      this.error = error;
      this.changed();
    }
  }

  /** Chooses the items in view. They stay in view when they are decided, so that nothing jumps. */
  arrange(group: Group, flag: string | undefined): void {
    this.group = group;
    this.flag = flag;
    const fits = [...this.items.values()].filter((item) => inGroup[group](item) && (!flag || badChecks(item).includes(flag)));
    this.view = arranged(fits, group).map((item) => item.id);
    this.selected.clear();
    if (!this.cursor || !this.view.includes(this.cursor)) this.moveTo(this.view[0] ?? null);
    this.changed();
  }

  /** Computed once for each change, however many components read it. */
  counts(): Counts {
    if (this.counted?.stamp === this.stamp) return this.counted;
    const counts: Counts = { look: 0, fine: 0, skipped: 0, decided: 0, all: 0, left: 0, total: this.items.size, approved: 0, rejected: 0, stamp: this.stamp };
    for (const item of this.items.values()) {
      for (const group of GROUPS) if (inGroup[group](item)) counts[group] += 1;
      if (item.status === "approved" || item.status === "rejected") counts[item.status] += 1;
    }
    counts.left = counts.look + counts.fine;
    return (this.counted = counts);
  }
  /** The group to begin with. */
  firstGroup(): Group {
    const counts = this.counts();
    return counts.look > 0 ? "look" : counts.fine > 0 ? "fine" : counts.skipped > 0 ? "skipped" : "all";
  }
  hasFlags(): boolean {
    return this.view.some((id) => this.items.get(id)?.findings.some((one) => one.verdict === "warn" || one.verdict === "fail"));
  }

  /** Checks with findings in the chosen group, with the number of pictures of each. */
  flags(): [string, number][] {
    const counts = new Map<string, number>();
    for (const item of this.items.values()) {
      if (inGroup[this.group](item)) for (const check of badChecks(item)) counts.set(check, (counts.get(check) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  angles(item: Item): Item[] {
    if (!item.sku) return [];
    return [...this.items.values()].filter((one) => one.sku === item.sku && one.style === item.style).sort((a, b) => a.position - b.position);
  }

  // --- cursor and selection ---

  moveTo(id: string | null): void {
    const before = this.cursor;
    if (before === id) return;
    this.cursor = id;
    for (const one of [before, id]) for (const changed of (one !== null && this.itemListeners.get(one)) || []) changed();
    for (const changed of this.cursorListeners) changed();
  }
  move(by: number): void {
    const at = this.cursor ? this.view.indexOf(this.cursor) : -1;
    const next = this.view[Math.max(0, Math.min(this.view.length - 1, at + by))];
    if (next) this.moveTo(next);
  }
  /** The next undecided picture after this one, then from the start; null where there is none. */
  private following(from: string | null): string | null {
    const at = from ? this.view.indexOf(from) : -1;
    const open = (id: string) => {
      const status = this.items.get(id)?.status;
      return status === "review" || (status === "skipped" && this.group === "skipped");
    };
    return [...this.view.slice(at + 1), ...this.view.slice(0, Math.max(0, at))].find(open) ?? null;
  }
  nextFlagged(): void {
    const at = this.cursor ? this.view.indexOf(this.cursor) : -1;
    const next = [...this.view.slice(at + 1), ...this.view.slice(0, at + 1)].find((id) => {
      const item = this.items.get(id);
      return item && inGroup.look(item);
    });
    if (next) this.moveTo(next);
  }

  select(id: string, on: boolean): void {
    if (on) this.selected.add(id);
    else this.selected.delete(id);
    this.changed(id);
  }
  selectRange(to: string): void {
    const from = this.view.indexOf(this.cursor ?? to);
    const end = this.view.indexOf(to);
    for (const id of this.view.slice(Math.min(from, end), Math.max(from, end) + 1)) this.selected.add(id);
    this.changed(...this.view);
  }
  selectAll(): void {
    this.selected = new Set(this.view);
    this.changed(...this.view);
  }
  clear(): void {
    this.selected.clear();
    this.changed(...this.view);
  }
  /** The ids that a decision applies to: the selection, or the picture under the cursor. */
  chosen(): string[] {
    return this.selected.size > 0 ? [...this.selected] : this.cursor ? [this.cursor] : [];
  }

  // --- deciding ---

  /** Decides at once on the screen; the request follows. more: reason, note, retry, anyway. */
  decide(ids: string[], decision: Decision, more: { reason?: string; note?: string; retry?: boolean; anyway?: boolean } = {}): void {
    const becomes = more.retry ? "processing" : STATUS_AFTER[decision];
    const changing = ids.map((id) => this.items.get(id)).filter((item): item is Item => !!item && item.status !== becomes && item.status !== "processing" && item.status !== "cancelled");
    if (changing.length === 0) return;
    this.leftOut = [];
    const last = this.cursor;
    for (let start = 0; start < changing.length; start += AT_ONCE) {
      const before = changing.slice(start, start + AT_ONCE).map(({ id, status, version }) => ({ id, status, version }));
      this.send(before, becomes, { decision, ...more });
    }
    this.selected.clear();
    if (last && ids.includes(last)) this.moveTo(this.following(last) ?? last);
    announce(`${copy.announcements[more.retry ? "retry" : decision](changing.length)}. ${copy.left(this.counts().left)}`);
    this.changed(...ids);
  }

  private send(before: Before[], becomes: Item["status"], body: { decision: Decision; anyway?: boolean }): void {
    for (const one of before) this.markPending(one.id, 1);
    this.patch(before.map((one) => ({ id: one.id, status: becomes, version: one.version })));
    const act: Decided = { before, key: "", act: null, settled: Promise.resolve() };
    this.history.push(act);
    act.settled = (async () => {
      try {
        const { key, answer } = await decide<Reviewed>("/api/v1/review", { ...body, items: before });
        act.key = key;
        if (answer) this.answered(act, answer);
      } catch (error) {
        this.refused(act, error);
      } finally {
        for (const one of before) this.markPending(one.id, -1);
      }
    })();
  }

  private answered(act: Decided, answer: Reviewed): void {
    act.act = answer.act;
    const done = answer.results.filter((one) => one.outcome === "done");
    const before = act.before;
    act.before = before.filter((was) => done.some((one) => one.id === was.id)); // the others are not part of the act
    this.patch(done.map((one) => ({ id: one.id, status: one.status ?? "review", version: one.version ?? 1 })));
    const partly = done.filter((one) => one.words);
    if (partly.length > 0) this.tellLeftOut(partly);
    const not = answer.results.filter((one) => one.outcome !== "done");
    if (not.length > 0) {
      this.patch(not.flatMap((one) => before.filter((was) => was.id === one.id).map((was) => ({ id: one.id, status: one.status ?? was.status, version: one.version ?? was.version }))));
      notify(not.slice(0, 3).map((one) => `${this.items.get(one.id)?.photo_name ?? ""}: ${one.words ?? ""}`).join(" "));
    }
  }

  /** The items whose last approval left files out that break a rule, until the next decision. */
  leftOut: string[] = [];

  /** Says which files an approval left out and why; a second key approves them too. */
  private tellLeftOut(partly: readonly { id: string; words?: string }[]): void {
    this.leftOut = partly.map((one) => one.id);
    const [first] = partly;
    if (first) notify(copy.leftOut(partly.length, this.items.get(first.id)?.photo_name ?? "", first.words ?? ""));
  }

  /** Approves the files that the last approval left out. False where it left none out. */
  approveLeftOut(): boolean {
    const ids = this.leftOut.filter((id) => this.items.has(id));
    this.leftOut = [];
    if (ids.length === 0) return false;
    const before = ids.map((id) => this.items.get(id)!).map(({ id, status, version }) => ({ id, status, version }));
    for (let start = 0; start < before.length; start += AT_ONCE) this.send(before.slice(start, start + AT_ONCE), "approved", { decision: "approve", anyway: true });
    announce(copy.approvedAnyway(ids.length));
    this.changed(...ids);
    return true;
  }

  private refused(act: Decided, error: unknown): void {
    this.history = this.history.filter((one) => one !== act);
    this.patch(act.before);
    const ids = act.before.map((one) => one.id);
    if (error instanceof ApiError && error.code === "breaks_rule") {
      this.moveTo(ids[0] ?? null);
      this.leftOut = ids;
      notify(copy.allBreak(error.problem.detail));
      return;
    }
    notifyError(error);
    for (const id of ids) void this.fetch(id);
  }

  /** Undoes the last decision. */
  async undo(): Promise<void> {
    const act = this.history.pop();
    if (!act) return notify(copy.announcements.nothingToUndo);
    const now = act.before.map(({ id }) => this.items.get(id)).filter((item): item is Item => !!item).map(({ id, status, version }) => ({ id, status, version }));
    this.patch(act.before);
    this.moveTo(act.before[0]?.id ?? this.cursor);
    announce(copy.announcements.undone);
    await act.settled;
    if (act.act === null) return void withdraw(act.key);
    this.patch(act.before); // its answer may have come in between
    try {
      const undone = await unwrap(api.POST("/api/v1/review/{act}/undo", { params: { path: { act: act.act } } }));
      for (const one of undone.results) if (one.outcome !== "done") void this.fetch(one.id);
    } catch (error) {
      this.patch(now);
      notifyError(error);
      for (const { id } of now) void this.fetch(id);
    }
  }

  private onLateAnswer(sent: SentDecision): void {
    const act = this.history.find((one) => one.key === sent.key);
    if (!act) return;
    if (sent.status < 300) this.answered(act, sent.answer as Reviewed);
    else this.refused(act, new ApiError({ ...(sent.answer as object), status: sent.status }));
  }

  private markPending(id: string, by: 1 | -1): void {
    const count = (this.pending.get(id) ?? 0) + by;
    if (count > 0) this.pending.set(id, count);
    else this.pending.delete(id);
  }

  private patch(states: Before[]): void {
    for (const one of states) {
      const item = this.items.get(one.id);
      if (item) this.items.set(one.id, { ...item, status: one.status, version: one.version });
    }
    this.changed(...states.map((one) => one.id));
  }

  // --- other people's decisions ---

  apply(message: Message, nameOf: (by: string) => string): void {
    if (message.reset || (message.batch === this.batch && message.items === null)) return void this.load();
    if (message.batch !== this.batch) return;
    for (const update of message.items ?? []) {
      const item = this.items.get(update.id);
      if (this.pending.has(update.id) || (item && item.status === update.status && item.version === update.version)) continue;
      if (item && update.by && update.by !== this.me && copy.byOtherWhat[update.status]) {
        notify(copy.byOther(nameOf(update.by), copy.byOtherWhat[update.status] ?? "", item.sku || item.photo_name));
      }
      if (!item || update.status === "review" || update.status === "failed" || update.version !== item.version) void this.fetch(update.id);
      else this.patch([{ id: update.id, status: update.status as Item["status"], version: update.version }]);
    }
  }

  private async fetch(id: string): Promise<void> {
    try {
      const item = await unwrap(api.GET("/api/v1/items/{item_id}", { params: { path: { item_id: id } } }));
      if (this.pending.has(id)) return;
      this.items.set(id, item);
      if (!this.view.includes(id) && inGroup[this.group](item) && (!this.flag || badChecks(item).includes(this.flag))) {
        this.view = [...this.view, id];
        if (this.cursor === null) this.moveTo(id);
      }
      this.changed(id);
    } catch {
      /* the next message or load brings it */
    }
  }
}
