/** Writes the list and its files into the browser's own database in the background, and reads them back after a reload. */
import { upload as copy } from "~/shared/copy/upload";
import { database } from "./database";
import { newId } from "~/shared/id";
import { isMoving, type Entry } from "./entry";
import { store } from "./store";
import { local } from "./words";

const SOON_MS = 400;
const OLD_MS = 7 * 86_400_000;
/** Whether there is something to go on with: the shell looks here, so that it need not load all this for nothing. */
export const OPEN = "packshot-uploads-open";

export const tab = newId();
const files = new Map<string, File>();
const dirty = new Set<string>();
let writing: ReturnType<typeof setTimeout> | undefined;
let keeping = false;
let afterRoom = 0;

export async function fileOf(id: string): Promise<Blob | undefined> {
  return files.get(id) ?? (await database.file(id).catch(() => undefined));
}

/** New lines with their files: the lines are written at once, the files one by one behind them. */
export function hold(entries: readonly Entry[], of: ReadonlyMap<string, File>): void {
  for (const [id, file] of of) files.set(id, file);
  for (const entry of entries) dirty.add(entry.id);
  soon();
  void keepAll();
}

/** Sent, or refused for good: its file is needed no more. */
export function free(ids: readonly string[]): void {
  for (const id of ids) files.delete(id);
  void database.free(ids).catch(() => undefined);
  if (store.flags.roomless && (afterRoom += ids.length) > 10) {
    afterRoom = 0;
    store.flag({ roomless: false });
    void keepAll();
  }
}

export function forget(ids: readonly string[]): void {
  for (const id of ids) {
    files.delete(id);
    dirty.delete(id);
  }
  void database.forget(ids).catch(() => undefined);
  mark();
}

/** The lines that no open tab has any more become this one's. Gives those that were on their way. */
export async function adopt(who: string): Promise<Entry[]> {
  const tabs = await openTabs();
  const held = await database.held(); // the files themselves: a line is written later than its file
  const mine: Entry[] = [];
  const old: string[] = [];
  for (const entry of await database.entries()) {
    if (entry.who !== who || (entry.tab !== tab && tabs.has(entry.tab))) continue;
    const through = entry.state === "done" || entry.state === "failed";
    if (entry.used || (through && entry.order < Date.now() - OLD_MS)) old.push(entry.id);
    else mine.push(again({ ...entry, tab, kept: held.has(entry.id) }));
  }
  if (old.length) forget(old);
  store.put(mine);
  for (const entry of mine) dirty.add(entry.id);
  soon();
  return mine;
}

/** As it was when the page went away: what was on its way waits again, under the same key, so that it is not sent twice. */
function again(entry: Entry): Entry {
  if (isMoving(entry)) entry.state = "queued";
  if (entry.state !== "queued" || entry.kept) return entry;
  return { ...entry, state: "lost", wrong: local(copy.wrong.lost) };
}

function openTabs(): Promise<Set<string>> {
  if (!("locks" in navigator)) return Promise.resolve(new Set()); // plain http: the key keeps two tabs from sending twice
  void navigator.locks.request(`packshot-uploads-${tab}`, () => new Promise(() => undefined));
  return navigator.locks.query().then(({ held }) => new Set(held?.map((lock) => lock.name?.replace("packshot-uploads-", "") ?? "")));
}

async function keepAll(): Promise<void> {
  if (keeping) return;
  keeping = true;
  try {
    for (const [id, file] of files) {
      const entry = store.get(id);
      if (!entry || entry.kept || entry.state === "done") continue;
      try {
        await database.keep(id, file);
      } catch (error) {
        if (error instanceof DOMException && error.name === "QuotaExceededError") {
          store.flag({ roomless: true });
          return;
        }
        continue; // gone from the disk, or no database here (private windows): it is sent from memory
      }
      if (!files.has(id)) void database.free([id]).catch(() => undefined); // sent in the meantime
      else store.patch(id, { kept: true });
    }
  } finally {
    keeping = false;
  }
}

function soon(): void {
  writing ??= setTimeout(() => void write(), SOON_MS);
}

async function write(): Promise<void> {
  clearTimeout(writing);
  writing = undefined;
  const entries = [...dirty].flatMap((id) => store.get(id) ?? []);
  dirty.clear();
  mark();
  if (entries.length) await database.write(entries).catch(() => store.flag({ roomless: true }));
}

function mark(): void {
  try {
    if (store.summary.left + store.summary.unpacking > 0) localStorage.setItem(OPEN, "1");
    else localStorage.removeItem(OPEN);
  } catch {
    /* no storage: it goes on once this page is opened */
  }
}

store.onChange((entry) => {
  dirty.add(entry.id);
  soon();
});
addEventListener("pagehide", () => void write());
