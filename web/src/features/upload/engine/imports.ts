/** Follows the runs that work through ZIPs and lists; what they bring and what they refuse become lines of their own. */
import { api, ApiError, got, type Schemas } from "~/api/client";
import { live } from "~/shared/live";
import { upload as copy } from "~/shared/copy/upload";
import { tooSmall } from "./channels";
import { newId } from "~/shared/id";
import { nameOf, type Entry } from "./entry";
import { free } from "./keeping";
import { store } from "./store";
import { cleaned, plain, wrongOf } from "./words";

type Refused = { name: string; code?: string; words: string; remedy: string };
type Result = { images?: string[]; refused?: Refused[] };

const LOOK_MS = 3_000; // how often what has come so far is fetched
const SAFE_MS = 20_000; // should a message have been lost
const PAGE = 200;
const followed = new Map<string, { entry: string; looks: boolean; soon?: ReturnType<typeof setTimeout>; had: Set<string> }>();

export function follow(entryId: string): void {
  const run = store.get(entryId)?.run;
  if (!run || followed.has(run.id)) return;
  const had = new Set(store.all().flatMap((one) => (one.parent === entryId && one.photo ? [one.photo.id] : [])));
  followed.set(run.id, { entry: entryId, looks: false, had });
  void look(run.id);
}

export function leave(entryId: string): void {
  for (const [run, one] of followed) if (one.entry === entryId) clearTimeout(one.soon), followed.delete(run);
}

live.listen((message) => {
  if (message.reset) for (const run of followed.keys()) void look(run);
  const one = message.run ? followed.get(message.run) : undefined;
  if (!one || !message.run) return;
  store.patch(one.entry, { run: { id: message.run, done: message.done ?? 0, total: message.total ?? 0 } });
  const ended = message.status === "done" || message.status === "failed" || message.status === "cancelled";
  if (ended) void look(message.run);
  else later(message.run, LOOK_MS);
});

function later(run: string, ms: number): void {
  const one = followed.get(run);
  if (!one || (one.soon && ms >= SAFE_MS)) return;
  clearTimeout(one.soon);
  one.soon = setTimeout(() => ((one.soon = undefined), void look(run)), ms);
}

async function look(run: string): Promise<void> {
  const one = followed.get(run);
  if (!one || one.looks) return;
  one.looks = true;
  try {
    const told = await got(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: run } } }));
    const result = told.result as Result;
    const fresh = (result.images ?? []).filter((id) => !one.had.has(id));
    await bring(one.entry, await photosOf(fresh));
    for (const id of fresh) one.had.add(id);
    if (told.status === "queued" || told.status === "running") {
      store.patch(one.entry, { run: { id: run, done: told.done, total: told.total } });
    } else {
      followed.delete(run);
      ended(one.entry, told, result);
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      followed.delete(run);
      store.patch(one.entry, { state: "failed", wrong: wrongOf(error) });
    }
  } finally {
    one.looks = false;
    if (followed.has(run)) later(run, SAFE_MS);
  }
}

function ended(id: string, told: Schemas["RunView"], { refused = [], images = [] }: Result): void {
  const entry = store.get(id);
  if (!entry) return;
  const run = { id: told.id, done: told.done, total: told.total };
  if (told.status !== "done") {
    const wrong = told.error ? { ...plain(told.error), again: true } : { ...copy.wrong.cancelled, reference: "", again: true };
    return void store.patch(id, { state: "failed", run, wrong });
  }
  free([id]);
  const [only] = refused;
  if (only && refused.length === 1 && images.length === 0) { // it was refused as a whole
    return void store.patch(id, { state: "failed", kept: false, run, wrong: wrongIn(only) });
  }
  store.put(refused.map((one, at) => member(entry, at + 20_000, one.name, {
    state: "failed", wrong: wrongIn(one),
  })));
  store.patch(id, { state: "done", kept: false, run });
}

const wrongIn = (one: Refused) => ({ ...plain({ detail: one.words, code: one.code ?? "", remedy: one.remedy }), again: false });

async function bring(id: string, photos: Schemas["PhotoView"][]): Promise<void> {
  const entry = store.get(id);
  if (!entry || photos.length === 0) return;
  const before = store.all().filter((one) => one.parent === id && one.photo).length;
  const [small, skus] = await Promise.all([Promise.all(photos.map(tooSmall)), skusOf(photos)]);
  store.put(photos.map((photo, at) => member(entry, before + at, photo.name.includes("/") ? photo.name : `${nameOf(entry)}/${photo.name}`, {
    state: "done", sku: skus.get(photo.product_id ?? "") ?? "", bytes: photo.bytes, findings: [...(small[at] ?? []), ...cleaned(photo.findings)],
    photo: { id: photo.id, product: photo.product_id, role: photo.role, thumb: photo.thumb, width: photo.width, height: photo.height },
  })));
}

function member(of: Entry, place: number, path: string, more: Partial<Entry>): Entry {
  return { ...of, id: newId(), order: of.order + 1 + place, kind: "member", parent: of.id, path, sku: "", bytes: 0, run: null, rows: null, note: "", kept: false, wrong: null, ...more };
}

/** Product → SKU, of those made by this import, which are the newest. */
async function skusOf(photos: readonly Schemas["PhotoView"][]): Promise<Map<string, string>> {
  const limit = Math.min(PAGE, photos.length + 20);
  const page = await got(api.GET("/api/v1/products", { params: { query: { limit } } })).catch(() => ({ items: [] }));
  return new Map(page.items.map((one) => [one.id, one.sku]));
}

/** Photos by id. There is no such question, so the newest are leafed through, and what is older is asked for one by one. */
async function photosOf(ids: readonly string[]): Promise<Schemas["PhotoView"][]> {
  const wanted = new Set(ids);
  const found = new Map<string, Schemas["PhotoView"]>();
  const oldest = ids.reduce((least, id) => (id < least ? id : least), "~");
  let cursor: string | null = null;
  for (let pages = 0; found.size < wanted.size && pages < 3 + ids.length / 100; pages++) {
    const page: { items: Schemas["PhotoView"][]; next_cursor?: string | null } = await got(
      api.GET("/api/v1/images", { params: { query: { limit: ids.length < 20 ? 50 : PAGE, cursor: cursor ?? undefined } } }),
    );
    for (const photo of page.items) if (wanted.has(photo.id)) found.set(photo.id, photo);
    cursor = page.next_cursor ?? null;
    if (!cursor || (page.items.at(-1)?.id ?? "") < oldest) break;
  }
  for (const id of ids) {
    if (found.has(id)) continue;
    try {
      found.set(id, await got(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } } })));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error; // deleted since
    }
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
