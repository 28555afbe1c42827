/** Upload, as the screen and the shell see it: one engine for the page's life, whatever screen is shown. */
import type { Found } from "../model/gather";
import { announce } from "~/shared/announce";
import { upload as copy } from "~/shared/copy/upload";
import { adding, type Tally } from "./adding";
import { groupOf, type Entry } from "./entry";
import { follow, leave } from "./imports";
import { adopt, forget, hold } from "./keeping";
import { go, halt, setWho } from "./pausing";
import { callOff, line, stopMoving } from "./sender";
import { current } from "./settings";
import { store } from "./store";

let started: Promise<void> | null = null;
let who = "";

/** Goes on with what was left in this browser. who: only that person's files are touched. */
export function start(name: string): Promise<void> {
  if (name !== who) started = null;
  who = name;
  setWho(name);
  started ??= load(name);
  return started;
}

async function load(name: string): Promise<void> {
  store.drop(store.all().filter((entry) => entry.who !== name).map((entry) => entry.id));
  const found = await adopt(name).catch(() => []);
  store.flag({ loaded: true });
  if (store.flags.pause === "signed-out") go();
  for (const entry of found) if (entry.state === "unpacking") follow(entry.id);
  line(found.filter((entry) => entry.state === "queued").map((entry) => entry.id));
}

/** New files: into the list, into the browser's database, and on their way. */
export async function add(found: readonly Found[]): Promise<Tally> {
  await started;
  discard((entry) => entry.used);
  const { entries, files, tally, revived, replaced, assigned } = await adding(found, { ...current(), who });
  if (replaced.length) remove(replaced);
  store.put(entries);
  hold([...entries, ...revived], files);
  announce(copy.added(tally));
  line([...entries, ...revived].filter((entry) => entry.state === "queued").map((entry) => entry.id));
  for (const done of assigned) void done();
  store.now();
  return tally;
}

/** Once more, under a new key. Where the collection is gone, into the one that is chosen now. */
export function retry(ids: readonly string[]): void {
  const again = ids.filter((id) => store.get(id)?.wrong?.again);
  for (const id of again) {
    const entry = store.get(id);
    if (!entry) continue;
    const gone = entry.wrong?.code === "no_such_collection";
    store.patch(id, {
      state: "queued", wrong: null, run: null, tries: entry.tries + 1, collection: gone ? current().collection : entry.collection,
    });
  }
  line(again);
}

export const retryAll = (): void => retry(store.summary.groups.bad);

/** Out of the list, with what came of it. What is in the library stays there. */
export function remove(ids: readonly string[]): void {
  const all = new Set(ids);
  for (const entry of store.all()) if (entry.parent && all.has(entry.parent)) all.add(entry.id);
  const gone = [...all];
  for (const id of gone) leave(id);
  store.drop(gone);
  callOff(gone);
  forget(gone);
}

function discard(which: (entry: Entry) => boolean): void {
  const gone = store.all().filter(which).map((entry) => entry.id);
  if (gone.length) remove(gone);
}

/** All that is through, for good or bad; what is on its way stays. */
export function clear(): void {
  const open = new Set(store.all().flatMap((one) => (groupOf(one) === "open" ? [one.id] : [])));
  discard((entry) => !open.has(entry.id) && !open.has(entry.parent ?? ""));
}

export function pause(): void {
  halt("person");
  stopMoving();
}
export const resume = go;

/** The photos a batch can be made of: those that are fine and those that need a look. */
export function usable(): string[] {
  const { ready, look } = store.summary.groups;
  const seen = new Set(ready.concat(look));
  return [...new Set(store.all().flatMap((entry) => (seen.has(entry.id) && entry.photo ? [entry.photo.id] : [])))];
}

/** A batch is being made of them: they leave the list when the next photos come. */
export function handOver(): void {
  for (const entry of store.all()) if (groupOf(entry) !== "open" && groupOf(entry) !== "bad") store.patch(entry.id, { used: true });
}
