/** Files become entries: which product each belongs to, what is no photo, what is in the list already, what a CSV says. */
import { api, ApiError, unwrap } from "~/api/client";
import { upload as copy } from "~/shared/copy/upload";
import { newId } from "~/shared/id";
import { sortOf } from "../model/formats";
import type { GatheredFile } from "../model/gather";
import { addressesOf, finder, isComplete, isUnclear, readList, type List, type Row } from "../model/lists";
import { named } from "../model/skus";
import { askColumns } from "./asking";
import { nameOf, type Entry } from "./entry";
import { fileOf, releaseFiles, tab } from "./persistence";
import { localWrong, wrongOf } from "./problems";
import { productId } from "./products";
import type { Settings } from "./settings";
import { store } from "./store";

/** again: in the list already. skipped: in a folder, but neither photo nor list. */
export type Tally = { files: number; products: number; again: number; skipped: number };
type Added = { entries: Entry[]; files: Map<string, File>; tally: Tally; requeued: Entry[]; replaced: string[]; assigned: (() => Promise<void>)[] };

/** Free orders behind a ZIP or a list, for its members. */
const MEMBER_SPACE = 65_536;
const MOST_PROBLEMS = 200; // rows of a list that are shown one by one

/** A person called it off: nothing of what was being added is. */
export class CalledOff extends Error {}

const fileKey = (path: string, file: { bytes: number; modified: number }): string => `${path}\n${file.bytes}\n${file.modified}`;

export async function addFiles(gathered: readonly GatheredFile[], { way, collection, who }: Settings & { who: string }): Promise<Added> {
  const files = new Map<string, File>();
  const entries: Entry[] = [];
  const requeued: Entry[] = [];
  const replaced: string[] = [];
  const tally: Tally = { files: 0, products: 0, again: 0, skipped: 0 };
  const byFile = new Map(store.all().filter((one) => one.kind !== "member").map((one) => [fileKey(one.path, one), one]));
  let order = Math.max(Date.now(), ...store.all().slice(-1).map((one) => one.order + MEMBER_SPACE));

  const addEntry = (path: string, file: File | null, more: Partial<Entry>): void => {
    const entry: Entry = {
      id: newId(), order: order++, tab, who, kind: "photo", path, bytes: file?.size ?? 0, modified: file?.lastModified ?? 0, sku: "", role: "",
      listed: null, note: "", collection, state: "queued", tries: 0, photo: null, findings: [], wrong: null, job: null, rows: null,
      parent: null, stored: false, used: false, ...more,
    };
    if (entry.kind === "zip" || entry.kind === "addresses") order += MEMBER_SPACE;
    if (file && (entry.state === "queued" || entry.state === "waiting")) files.set(entry.id, file);
    entries.push(entry);
  };

  const photos: { path: string; file: File }[] = [];
  const lists: { path: string; file: File }[] = [];
  for (const { path, file } of gathered) {
    const sort = sortOf(path);
    const isInFolder = path.includes("/");
    if (sort === "litter" || (sort === "other" && isInFolder)) {
      tally.skipped += sort === "other" ? 1 : 0; // nobody means a PDF that is beside the photos
      continue;
    }
    const old = file && byFile.get(fileKey(path, { bytes: file.size, modified: file.lastModified }));
    if (old && file && old.state === "failed") replaced.push(old.id); // sent once more, with what a list may say by now
    else if (old && file) {
      if (old.state === "lost") {
        files.set(old.id, file);
        const queued = store.patch(old.id, { state: "queued", wrong: null });
        if (queued) requeued.push(queued);
      } else tally.again++;
      continue;
    }
    if (!file) addEntry(path, null, { state: "failed", wrong: localWrong(copy.wrong.unreadable) });
    else if (sort === "zip") addEntry(path, file, { kind: "zip" });
    else if (sort === "list") lists.push({ path, file });
    else if (sort === "photo") photos.push({ path, file });
    else addEntry(path, file, { state: "failed", wrong: localWrong(copy.unread[sort]) });
  }

  const read: { path: string; file: File; list: List }[] = [];
  for (const { path, file } of lists) {
    try {
      read.push({ path, file, list: await understood(path, file) });
    } catch (error) {
      if (!isRefused(error)) throw error; // the service is away: its photos must not go without it
      addEntry(path, file, { kind: "addresses", state: "failed", wrong: wrongOf(error) });
    }
  }
  const waiting = await waitingLists();
  const finders = [...read.map(({ list }) => list), ...waiting.map(({ list }) => list)].filter((list) => list.rows.some((row) => row.file)).map(finder);
  const rowOf = (path: string): Row | undefined => finders.map((find) => find(path)).find(Boolean);

  const placed = photos.map(({ path, file }) => ({ path, file, row: rowOf(path), name: named(path, way) }));
  // A product's photos are beside each other and in order: they are sent one after the other, and the first becomes the main one.
  const natural = new Intl.Collator(undefined, { numeric: true });
  const keyOf = (one: (typeof placed)[number]): string => one.row?.sku ?? one.name?.sku ?? one.path;
  placed.sort((a, b) => natural.compare(keyOf(a), keyOf(b)) || (a.name?.order ?? 0) - (b.name?.order ?? 0) || natural.compare(a.path, b.path));
  for (const { path, file, row, name } of placed) {
    if (row?.problem) addEntry(path, file, { sku: row.sku, state: "failed", wrong: wrongIn(row) });
    else addEntry(path, file, row ? byList(row) : { sku: name?.sku ?? "", role: name?.role ?? "", note: finders.length ? "unlisted" : "" });
  }

  const assigned: Added["assigned"] = [];
  for (const { path, file, list } of read) {
    const said = list.view.notes.join(" ");
    if (!isComplete(list) || !list.rows.some((row) => row.file)) {
      addEntry(path, file, { kind: "addresses", said }); // addresses only, or not a list: the service fetches them, or says what is wrong
      continue;
    }
    const addresses = addressesOf(list, nameOf({ path }));
    if (addresses) addEntry(path, addresses, { kind: "addresses" });
    const placedRows = new Set(placed.map((one) => one.row));
    for (const row of list.rows.filter((one) => one.problem && !placedRows.has(one)).slice(0, MOST_PROBLEMS)) {
      addEntry(`${path}/${copy.listRow(row.number)}`, null, { kind: "member", state: "failed", wrong: wrongIn(row) });
    }
    const before = store.all().filter((one) => one.kind === "photo" && !one.used && !replaced.includes(one.id));
    requeued.push(...applyRows(list, before));
    assigned.push(...assignSent(list, before, collection));
    addEntry(path, file, { kind: "list", said, ...countRows(list, [...before, ...entries]) });
  }
  for (const { id, list } of waiting) {
    store.patch(id, countRows(list, [...store.all().filter((one) => one.kind === "photo"), ...entries]));
    if (store.get(id)?.state === "done") releaseFiles([id]);
  }
  tally.files = entries.length - entries.filter((one) => one.kind === "list").length + requeued.length;
  tally.products = new Set(entries.map((one) => one.sku).filter(Boolean)).size;
  return { entries, files, tally, requeued, replaced, assigned };
}

/** A list whose columns are clear; a person is asked where they are not.  Raises ApiError, CalledOff. */
async function understood(path: string, file: File): Promise<List> {
  let list = await readList(path, file);
  let wrong = "";
  while (isUnclear(list)) {
    const columns = await askColumns(list, wrong);
    if (!columns) throw new CalledOff();
    try {
      list = await readList(path, file, columns);
    } catch (error) {
      if (!isRefused(error)) throw error;
      wrong = wrongOf(error).words;
    }
  }
  return list;
}

const isRefused = (error: unknown): error is ApiError => error instanceof ApiError && [413, 415, 422].includes(error.status);

const wrongIn = ({ number, problem }: Row): Entry["wrong"] =>
  ({ ...localWrong({ words: `${copy.listRow(number)}: ${problem?.words ?? ""}`, remedy: problem?.remedy ?? "" }) });

const byList = (row: Row): Partial<Entry> => ({
  sku: row.sku, role: row.role, note: "listed",
  listed: row.title || row.gtin || row.asin ? { title: row.title, gtin: row.gtin, asin: row.asin } : null,
});

/** What the list says goes into photos that were added before it and are not sent yet. Returns those that failed and are queued again. */
function applyRows(list: List, photos: readonly Entry[]): Entry[] {
  const find = finder(list);
  return photos.flatMap((photo) => {
    const row = find(photo.path);
    if (!row || row.problem || (photo.state !== "queued" && photo.state !== "failed")) return [];
    const retries = photo.state === "failed" && photo.wrong?.again;
    const changed = store.patch(photo.id, { ...byList(row), ...(retries ? { state: "queued", wrong: null, tries: photo.tries + 1 } : {}) });
    return retries && changed ? [changed] : [];
  });
}

/** For photos that were sent before their list was added and have no product: puts them into the list's. */
function assignSent(list: List, photos: readonly Entry[], collection: string | null): (() => Promise<void>)[] {
  const find = finder(list);
  return photos.flatMap((photo) => {
    const row = find(photo.path);
    const sent = photo.photo;
    if (!row || row.problem || !sent || sent.product) return [];
    return [async () => {
      try {
        const id = await productId(row.sku, { title: row.title, gtin: row.gtin, asin: row.asin });
        await unwrap(api.PATCH("/api/v1/images/{image_id}", {
          params: { path: { image_id: sent.id } }, body: { product_id: id, ...(row.role ? { role: row.role } : {}) },
        }));
        if (collection) await unwrap(api.POST("/api/v1/collections/{collection_id}/products", { params: { path: { collection_id: collection } }, body: { add: [id], remove: [] } }));
        store.patch(photo.id, { ...byList(row), photo: { ...sent, product: id, role: row.role || sent.role } });
      } catch {
        store.patch(photo.id, { note: "unlisted" }); // it has no product, and its row says so
      }
    }];
  });
}

const known = new Map<string, List>(); // by entry; after a reload they are read once more

/** Lists that wait for photos. */
async function waitingLists(): Promise<{ id: string; list: List }[]> {
  const lists: { id: string; list: List }[] = [];
  for (const entry of store.all()) {
    const file = entry.state === "waiting" ? await fileOf(entry.id) : undefined;
    if (!file) continue;
    const list = known.get(entry.id) ?? await readList(entry.path, file);
    known.set(entry.id, list);
    lists.push({ id: entry.id, list });
  }
  return lists;
}

function countRows(list: List, photos: readonly Entry[]): Partial<Entry> {
  const find = finder(list);
  const rows = list.rows.filter((row) => row.file && !row.problem);
  const here = new Set(photos.flatMap((photo) => (photo.kind === "photo" ? find(photo.path)?.number ?? [] : [])));
  const missing = rows.filter((row) => !here.has(row.number)).map((row) => row.file);
  return {
    state: missing.length ? "waiting" : "done", note: list.plans ? "plans" : "",
    rows: { all: rows.length, here: rows.length - missing.length, missing: missing.slice(0, 50) },
  };
}
