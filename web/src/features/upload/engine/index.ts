/** The upload engine as screens and the shell use it. There is one for the page's life, whatever screen is shown. */
import { announce } from "~/shared/announce";
import { upload as copy } from "~/shared/copy/upload";
import type { GatheredFile } from "../model/gather";
import { addFiles, type Tally } from "./addFiles";
import { groupOf, type Entry } from "./entry";
import { follow, unfollow } from "./imports";
import { pauseFor, resume, setOwner } from "./pause";
import { adopt, removeEntries, storeFiles } from "./persistence";
import { abortSending, cancel, enqueue } from "./sender";
import { currentSettings } from "./settings";
import { store } from "./store";

let started: Promise<void> | null = null;
let who = "";

/** Resumes what this browser has stored. name: only that person's files are touched. */
export function start(name: string): Promise<void> {
  if (name !== who) started = null;
  who = name;
  setOwner(name);
  started ??= load(name);
  return started;
}

async function load(name: string): Promise<void> {
  store.drop(store.all().filter((entry) => entry.who !== name).map((entry) => entry.id));
  const adopted = await adopt(name).catch(() => []);
  store.flag({ loaded: true });
  if (store.flags.pause === "signed-out") resume();
  for (const entry of adopted) if (entry.state === "unpacking") follow(entry.id);
  enqueue(adopted.filter((entry) => entry.state === "queued").map((entry) => entry.id));
}

/** New files: they go into the list and into the browser's database, and are sent. */
export async function add(gathered: readonly GatheredFile[]): Promise<Tally> {
  await started;
  removeWhere((entry) => entry.used);
  const { entries, files, tally, requeued, replaced, assigned } = await addFiles(gathered, { ...currentSettings(), who });
  if (replaced.length) remove(replaced);
  store.put(entries);
  store.update();
  storeFiles(files);
  announce(copy.added(tally));
  enqueue([...entries, ...requeued].filter((entry) => entry.state === "queued").map((entry) => entry.id));
  for (const assign of assigned) void assign();
  return tally;
}

/** Sends them once more, under new keys. Where the collection is gone, into the one that is chosen now. */
export function retry(ids: readonly string[]): void {
  const retried = ids.filter((id) => store.get(id)?.wrong?.again);
  for (const id of retried) {
    const entry = store.get(id);
    if (!entry) continue;
    const isGone = entry.wrong?.code === "no_such_collection";
    store.patch(id, {
      state: "queued", wrong: null, job: null, tries: entry.tries + 1, collection: isGone ? currentSettings().collection : entry.collection,
    });
  }
  enqueue(retried);
}

export const retryAll = (): void => retry(store.summary.groups.bad);

/** Takes entries and their members out of the list. What is in the library stays there. */
export function remove(ids: readonly string[]): void {
  const all = new Set(ids);
  for (const entry of store.all()) if (entry.parent && all.has(entry.parent)) all.add(entry.id);
  const removed = [...all];
  for (const id of removed) unfollow(id);
  store.drop(removed);
  cancel(removed);
  removeEntries(removed);
}

function removeWhere(matches: (entry: Entry) => boolean): void {
  const ids = store.all().filter(matches).map((entry) => entry.id);
  if (ids.length) remove(ids);
}

/** Takes all that is finished out of the list, sent or failed; what is on its way stays. */
export function clear(): void {
  const open = new Set(store.all().flatMap((one) => (groupOf(one) === "open" ? [one.id] : [])));
  removeWhere((entry) => !open.has(entry.id) && !open.has(entry.parent ?? ""));
}

export function pause(): void {
  pauseFor("person");
  abortSending();
}
export { resume };

/** The photos a batch can be made from: those that are fine and those that need a look. */
export function usablePhotos(): string[] {
  const { ready, look } = store.summary.groups;
  const usable = new Set(ready.concat(look));
  return [...new Set(store.all().flatMap((entry) => (usable.has(entry.id) && entry.photo ? [entry.photo.id] : [])))];
}

/** A batch is being made from them: they leave the list when the next photos are added. */
export function markUsed(): void {
  for (const entry of store.all()) if (groupOf(entry) !== "open" && groupOf(entry) !== "bad") store.patch(entry.id, { used: true });
}
