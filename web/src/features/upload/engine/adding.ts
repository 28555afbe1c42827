/** Dropped files become lines: which product each is of, what is no photo, what is in the list already, what a CSV says. */
import { api, got } from "~/api/client";
import { upload as copy } from "~/shared/copy/upload";
import { sortOf } from "../model/formats";
import type { Found } from "../model/gather";
import { addressesOf, finder, readList, type List, type Row } from "../model/lists";
import { named } from "../model/skus";
import { newId } from "~/shared/id";
import { nameOf, type Entry } from "./entry";
import { fileOf, free, tab } from "./keeping";
import { product } from "./products";
import { store } from "./store";
import type { Settings } from "./settings";
import { local } from "./words";

export type Tally = { files: number; products: number; again: number; passed: number };
type Added = { entries: Entry[]; files: Map<string, File>; tally: Tally; revived: Entry[]; replaced: string[]; assigned: (() => Promise<void>)[] };

/** Lines of a ZIP's members lie between it and the next. */
const ROOM = 65_536;
const same = (path: string, file: { bytes: number; modified: number }): string => `${path}\n${file.bytes}\n${file.modified}`;

export async function adding(found: readonly Found[], { way, collection, who }: Settings & { who: string }): Promise<Added> {
  const files = new Map<string, File>();
  const entries: Entry[] = [];
  const revived: Entry[] = [];
  const replaced: string[] = [];
  const tally: Tally = { files: 0, products: 0, again: 0, passed: 0 };
  const known = new Map(store.all().filter((one) => one.kind !== "member").map((one) => [same(one.path, one), one]));
  let order = Math.max(Date.now(), ...store.all().slice(-1).map((one) => one.order + ROOM));

  const entry = (path: string, file: File | null, more: Partial<Entry>): Entry => {
    const made: Entry = {
      id: newId(), order: order++, tab, who, kind: "photo", path, bytes: file?.size ?? 0, modified: file?.lastModified ?? 0, sku: "", role: "",
      listed: null, note: "", collection, state: "queued", tries: 0, photo: null, findings: [], wrong: null, run: null, rows: null,
      parent: null, kept: false, used: false, ...more,
    };
    if (made.kind === "zip" || made.kind === "addresses") order += ROOM;
    if (file && (made.state === "queued" || made.state === "waiting")) files.set(made.id, file);
    entries.push(made);
    return made;
  };

  const photos: { path: string; file: File }[] = [];
  const lists: { path: string; file: File }[] = [];
  for (const { path, file } of found) {
    const sort = sortOf(path);
    const loose = !path.includes("/");
    if (sort === "litter" || (sort === "other" && !loose)) {
      tally.passed += sort === "other" ? 1 : 0; // of a folder: a PDF beside the photos was not meant
      continue;
    }
    const old = file && known.get(same(path, { bytes: file.size, modified: file.lastModified }));
    if (old && file && old.state === "failed") replaced.push(old.id); // once more, with what a list may say by now
    else if (old && file) {
      if (old.state === "lost") {
        files.set(old.id, file);
        const back = store.patch(old.id, { state: "queued", wrong: null });
        if (back) revived.push(back);
      } else tally.again++;
      continue;
    }
    if (!file) entry(path, null, { state: "failed", wrong: local(copy.wrong.unreadable) });
    else if (sort === "zip") entry(path, file, { kind: "zip" });
    else if (sort === "list") lists.push({ path, file });
    else if (sort === "photo") photos.push({ path, file });
    else entry(path, file, { state: "failed", wrong: local(copy.unread[sort]) });
  }

  const read = await Promise.all(lists.map(async ({ path, file }) => ({ path, file, list: await readList(path, file) })));
  const waiting = await unfinished();
  const finders = [...read.map(({ list }) => list), ...waiting.map(({ list }) => list)].filter((list) => list.rows?.some((row) => row.file)).map(finder);
  const rowOf = (path: string): Row | undefined => finders.map((find) => find(path)).find(Boolean);

  const placed = photos.map(({ path, file }) => ({ path, file, row: rowOf(path), name: named(path, way) }));
  // A product's photos stand together and in order: they are sent one after the other, and the first becomes the main one.
  const natural = new Intl.Collator(undefined, { numeric: true });
  const keyOf = (one: (typeof placed)[number]): string => one.row?.sku ?? one.name?.sku ?? one.path;
  placed.sort((a, b) => natural.compare(keyOf(a), keyOf(b)) || (a.name?.order ?? 0) - (b.name?.order ?? 0) || natural.compare(a.path, b.path));
  for (const { path, file, row, name } of placed) {
    entry(path, file, row ? byList(row) : { sku: name?.sku ?? "", role: name?.role ?? "", note: finders.length ? "unlisted" : "" });
  }

  const assigned: Added["assigned"] = [];
  for (const { path, file, list } of read) {
    const rows = list.rows?.filter((row) => row.file) ?? [];
    if (rows.length === 0) {
      entry(path, file, { kind: "addresses" }); // addresses only, or not a list: the service fetches them, or says what is wrong
      continue;
    }
    const addresses = addressesOf(list, nameOf({ path }));
    if (addresses) entry(path, addresses, { kind: "addresses" });
    const before = store.all().filter((one) => one.kind === "photo" && !one.used && !replaced.includes(one.id));
    revived.push(...put(list, before));
    assigned.push(...reach(list, before, collection));
    entry(path, file, { kind: "list", ...tallied(list, [...before, ...entries]) });
  }
  for (const { id, list } of waiting) {
    store.patch(id, tallied(list, [...store.all().filter((one) => one.kind === "photo"), ...entries]));
    if (store.get(id)?.state === "done") free([id]);
  }
  tally.files = entries.length - entries.filter((one) => one.kind === "list").length + revived.length;
  tally.products = new Set(entries.map((one) => one.sku).filter(Boolean)).size;
  return { entries, files, tally, revived, replaced, assigned };
}

const byList = (row: Row): Partial<Entry> => ({
  sku: row.sku, role: row.role, note: "listed",
  listed: row.title || row.gtin || row.asin ? { title: row.title, gtin: row.gtin, asin: row.asin } : null,
});

/** Photos that came before their list and are not sent yet. Gives those that failed, and can go now. */
function put(list: List, photos: readonly Entry[]): Entry[] {
  const find = finder(list);
  return photos.flatMap((photo) => {
    const row = find(photo.path);
    if (!row || (photo.state !== "queued" && photo.state !== "failed")) return [];
    const goes = photo.state === "failed" && photo.wrong?.again;
    const changed = store.patch(photo.id, { ...byList(row), ...(goes ? { state: "queued", wrong: null, tries: photo.tries + 1 } : {}) });
    return goes && changed ? [changed] : [];
  });
}

/** Photos that were sent before their list came, and are of no product so far: they are put into theirs. */
function reach(list: List, photos: readonly Entry[], collection: string | null): (() => Promise<void>)[] {
  const find = finder(list);
  return photos.flatMap((photo) => {
    const row = find(photo.path);
    const sent = photo.photo;
    if (!row || !sent || sent.product) return [];
    return [async () => {
      try {
        const id = await product(row.sku, { title: row.title, gtin: row.gtin, asin: row.asin });
        await got(api.PATCH("/api/v1/images/{image_id}", {
          params: { path: { image_id: sent.id } }, body: { product_id: id, ...(row.role ? { role: row.role } : {}) },
        }));
        if (collection) await got(api.POST("/api/v1/collections/{collection_id}/products", { params: { path: { collection_id: collection } }, body: { add: [id], remove: [] } }));
        store.patch(photo.id, { ...byList(row), photo: { ...sent, product: id, role: row.role || sent.role } });
      } catch {
        store.patch(photo.id, { note: "unlisted" }); // it stays without a product, and says so
      }
    }];
  });
}

/** Lists whose photos are still to come, read once more. */
async function unfinished(): Promise<{ id: string; list: List }[]> {
  const found: { id: string; list: List }[] = [];
  for (const entry of store.all()) {
    const file = entry.state === "waiting" ? await fileOf(entry.id) : undefined;
    if (file) found.push({ id: entry.id, list: await readList(entry.path, file) });
  }
  return found;
}

function tallied(list: List, photos: readonly Entry[]): Partial<Entry> {
  const find = finder(list);
  const rows = list.rows?.filter((row) => row.file) ?? [];
  const here = new Set(photos.flatMap((photo) => (photo.kind === "photo" ? find(photo.path)?.number ?? [] : [])));
  const missing = rows.filter((row) => !here.has(row.number)).map((row) => row.file);
  return {
    state: missing.length ? "waiting" : "done", note: list.plans ? "plans" : "",
    rows: { all: rows.length, here: rows.length - missing.length, missing: missing.slice(0, 50) },
  };
}
