/** Stores the upload list and its files in the browser's database, in the background, and restores them after a reload. */
import { upload as copy } from "~/shared/copy/upload";
import { newId } from "~/shared/id";
import { database } from "./database";
import { isMoving, type Entry } from "./entry";
import { localWrong } from "./problems";
import { store } from "./store";

const SOON_MS = 400;
const OLD_MS = 7 * 86_400_000;
/** In localStorage while something is left to send: the shell then loads the upload engine, and only then. */
const OPEN_KEY = "packshot-uploads-open";

export const tab = newId();
const files = new Map<string, File>();
const dirty = new Set<string>();
let writeTimer: ReturnType<typeof setTimeout> | undefined;
let writing = false;
let released = 0;

export async function fileOf(id: string): Promise<Blob | undefined> {
  return files.get(id) ?? (await database.file(id).catch(() => undefined));
}

/** Files of entries that are in the list by now: the entries are stored first, as a file without its entry is lost. */
export function storeFiles(newFiles: ReadonlyMap<string, File>): void {
  for (const [id, file] of newFiles) files.set(id, file);
  void write().then(writeFiles);
}

/** For entries that are sent, or refused for good: their files are no longer needed. */
export function releaseFiles(ids: readonly string[]): void {
  for (const id of ids) files.delete(id);
  void database.deleteFiles(ids).catch(() => undefined);
  if (store.flags.storageFull && (released += ids.length) > 10) {
    released = 0;
    store.flag({ storageFull: false });
    void writeFiles();
  }
}

export function removeEntries(ids: readonly string[]): void {
  for (const id of ids) {
    files.delete(id);
    dirty.delete(id);
  }
  void database.deleteEntries(ids).catch(() => undefined);
  markOpen();
}

/** Restores the person's entries that no other open tab has. Returns them. */
export async function adopt(who: string): Promise<Entry[]> {
  const tabs = await openTabs();
  const fileIds = await database.fileIds(); // not the entries' own `stored`: an entry is written later than its file
  const adopted: Entry[] = [];
  const expired: string[] = [];
  for (const entry of await database.entries()) {
    if (entry.who !== who || (entry.tab !== tab && tabs.has(entry.tab))) continue;
    const isFinished = entry.state === "done" || entry.state === "failed";
    if (entry.used || (isFinished && entry.order < Date.now() - OLD_MS)) expired.push(entry.id);
    else adopted.push(restored({ ...entry, tab, stored: fileIds.has(entry.id) }));
  }
  if (expired.length) removeEntries(expired);
  store.put(adopted);
  return adopted;
}

/** What was being sent when the page was closed is queued again, under the same key, so that it is not sent twice. */
function restored(entry: Entry): Entry {
  if (isMoving(entry)) entry.state = "queued";
  if (entry.state !== "queued" || entry.stored) return entry;
  return { ...entry, state: "lost", wrong: localWrong(copy.wrong.lost) };
}

function openTabs(): Promise<Set<string>> {
  if (!("locks" in navigator)) return Promise.resolve(new Set()); // plain http: the idempotency key prevents that two tabs send a file twice
  void navigator.locks.request(`packshot-uploads-${tab}`, () => new Promise(() => undefined));
  return navigator.locks.query().then(({ held }) => new Set(held?.map((lock) => lock.name?.replace("packshot-uploads-", "") ?? "")));
}

async function writeFiles(): Promise<void> {
  if (writing) return;
  writing = true;
  try {
    for (const [id, file] of files) {
      const entry = store.get(id);
      if (!entry || entry.stored || entry.state === "done") continue;
      try {
        await database.writeFile(id, file);
      } catch (error) {
        if (error instanceof DOMException && error.name === "QuotaExceededError") {
          store.flag({ storageFull: true });
          return;
        }
        continue; // gone from the disk, or no database here (private windows): it is sent from memory
      }
      if (!files.has(id)) void database.deleteFiles([id]).catch(() => undefined); // sent in the meantime
      else store.patch(id, { stored: true });
    }
  } finally {
    writing = false;
  }
}

function writeSoon(): void {
  writeTimer ??= setTimeout(() => void write(), SOON_MS);
}

async function write(): Promise<void> {
  clearTimeout(writeTimer);
  writeTimer = undefined;
  const entries = [...dirty].flatMap((id) => store.get(id) ?? []);
  dirty.clear();
  markOpen();
  if (entries.length) await database.writeEntries(entries).catch(() => store.flag({ storageFull: true }));
}

function markOpen(): void {
  try {
    if (store.summary.left + store.summary.unpacking > 0) localStorage.setItem(OPEN_KEY, "1");
    else localStorage.removeItem(OPEN_KEY);
  } catch {
    /* no storage: sending resumes when the upload screen is opened */
  }
}

store.onChange((entry) => {
  dirty.add(entry.id);
  writeSoon();
});
addEventListener("pagehide", () => void write());
