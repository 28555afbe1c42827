/** Follows the jobs that work through ZIPs and lists: what they bring and what they refuse become entries of their own. */
import { api, ApiError, unwrap } from "~/api/client";
import { photosByIds } from "~/api/queries";
import type { Job, Photo } from "~/api/types";
import { upload as copy } from "~/shared/copy/upload";
import { newId } from "~/shared/id";
import { fetchJob, isOpen } from "~/shared/jobs";
import { live } from "~/shared/live";
import { tooSmall } from "./channels";
import { nameOf, type Entry } from "./entry";
import { releaseFiles } from "./persistence";
import { localWrong, plain, withoutIds, wrongOf } from "./problems";
import { store } from "./store";

type Refused = { name: string; code?: string; words: string; remedy: string };
type ImportResult = { images?: string[]; refused?: Refused[]; notes?: { words: string }[] };
type Following = { entry: string; loading: boolean; timer?: ReturnType<typeof setTimeout>; photos: Set<string> };

const AFTER_MESSAGE_MS = 3_000; // how often what has come so far is loaded
const POLL_MS = 20_000; // should a message have been lost
const MOST_PRODUCTS = 200;
const REFUSED_ORDER = 20_000; // behind the photos
const following = new Map<string, Following>(); // by job

export function follow(entryId: string): void {
  const job = store.get(entryId)?.job;
  if (!job || following.has(job.id)) return;
  const photos = new Set(store.all().flatMap((one) => (one.parent === entryId && one.photo ? [one.photo.id] : [])));
  following.set(job.id, { entry: entryId, loading: false, photos });
  void load(job.id);
}

export function unfollow(entryId: string): void {
  for (const [job, one] of following) if (one.entry === entryId) clearTimeout(one.timer), following.delete(job);
}

live.listen((message) => {
  if (message.reset) for (const job of following.keys()) void load(job);
  const one = message.job ? following.get(message.job) : undefined;
  if (!one || !message.job) return;
  store.patch(one.entry, { job: { id: message.job, done: message.done ?? 0, total: message.total ?? 0 } });
  const isEnded = message.status === "done" || message.status === "failed" || message.status === "cancelled";
  if (isEnded) void load(message.job);
  else loadLater(message.job, AFTER_MESSAGE_MS);
});

function loadLater(id: string, ms: number): void {
  const one = following.get(id);
  if (!one || (one.timer && ms >= POLL_MS)) return;
  clearTimeout(one.timer);
  one.timer = setTimeout(() => ((one.timer = undefined), void load(id)), ms);
}

async function load(id: string): Promise<void> {
  const one = following.get(id);
  if (!one || one.loading) return;
  one.loading = true;
  try {
    const job = await fetchJob(id);
    const result = job.result as ImportResult;
    const added = (result.images ?? []).filter((image) => !one.photos.has(image));
    await addPhotos(one.entry, await photosByIds(added));
    for (const image of added) one.photos.add(image);
    if (isOpen(job)) {
      store.patch(one.entry, { job: stateOf(job) });
    } else {
      following.delete(id);
      finish(one.entry, job, result);
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      following.delete(id);
      store.patch(one.entry, { state: "failed", wrong: wrongOf(error) });
    }
  } finally {
    one.loading = false;
    if (following.has(id)) loadLater(id, POLL_MS);
  }
}

const stateOf = ({ id, done, total }: Job): Entry["job"] => ({ id, done, total });

function finish(id: string, job: Job, { refused = [], images = [], notes = [] }: ImportResult): void {
  const entry = store.get(id);
  if (!entry) return;
  if (job.status !== "done") {
    const wrong = job.error ? { ...plain(job.error), again: true } : localWrong(copy.wrong.cancelled, true);
    return void store.patch(id, { state: "failed", job: stateOf(job), wrong });
  }
  releaseFiles([id]);
  const [only] = refused;
  if (only && refused.length === 1 && images.length === 0) { // it was refused as a whole
    return void store.patch(id, { state: "failed", stored: false, job: stateOf(job), wrong: wrongIn(only) });
  }
  store.put(refused.map((one, at) => member(entry, REFUSED_ORDER + at, one.name, { state: "failed", wrong: wrongIn(one) })));
  store.patch(id, { state: "done", stored: false, job: stateOf(job), said: notes.map((one) => one.words).join(" ") });
}

const wrongIn = (one: Refused) => ({ ...plain({ detail: one.words, code: one.code ?? "", remedy: one.remedy }), again: false });

async function addPhotos(id: string, photos: Photo[]): Promise<void> {
  const entry = store.get(id);
  if (!entry || photos.length === 0) return;
  const before = store.all().filter((one) => one.parent === id && one.photo).length;
  const [small, skus] = await Promise.all([Promise.all(photos.map(tooSmall)), skusOf(photos)]);
  store.put(photos.map((photo, at) => member(entry, before + at, photo.name.includes("/") ? photo.name : `${nameOf(entry)}/${photo.name}`, {
    state: "done", sku: skus.get(photo.product_id ?? "") ?? "", bytes: photo.bytes, findings: [...(small[at] ?? []), ...withoutIds(photo.findings)],
    photo: { id: photo.id, product: photo.product_id, role: photo.role, thumb: photo.thumb, width: photo.width, height: photo.height },
  })));
}

function member(of: Entry, place: number, path: string, more: Partial<Entry>): Entry {
  return { ...of, id: newId(), order: of.order + 1 + place, kind: "member", parent: of.id, path, sku: "", bytes: 0, job: null, rows: null, note: "", said: "", stored: false, wrong: null, ...more };
}

/** Product → SKU, of the products that this import created: they are the newest. */
async function skusOf(photos: readonly Photo[]): Promise<Map<string, string>> {
  const limit = Math.min(MOST_PRODUCTS, photos.length + 20);
  const page = await unwrap(api.GET("/api/v1/products", { params: { query: { limit } } })).catch(() => ({ items: [] }));
  return new Map(page.items.map((one) => [one.id, one.sku]));
}
