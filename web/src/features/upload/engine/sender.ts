/** Sends what waits, three at a time, outside of any screen: it goes on whatever page is looked at. */
import { ApiError, upload } from "~/api/client";
import type { Finding, Job, Photo } from "~/api/types";
import { tooSmall } from "./channels";
import { nameOf, type Entry, type EntryPhoto } from "./entry";
import { follow } from "./imports";
import { fileOf, free } from "./keeping";
import { product } from "./products";
import { calm, halt, onGo, stopped } from "./pausing";
import { store } from "./store";
import { cleaned, local, wrongOf } from "./words";
import { upload as copy } from "~/shared/copy/upload";

const AT_ONCE = 3;
const MOST_TRIES = 8; // by itself, for one file
const PATIENCE_MS = 3_000;

const queue: string[] = [];
const busy = new Map<string, AbortController>();
const skus = new Set<string>();
const stumbles = new Map<string, number>();

/** Put into the queue, behind what waits already. */
export function line(ids: readonly string[]): void {
  const known = new Set(queue);
  for (const id of ids) if (!known.has(id) && !busy.has(id)) queue.push(id);
  pump();
}

export function callOff(ids: readonly string[]): void {
  const gone = new Set(ids);
  for (const id of ids) busy.get(id)?.abort();
  for (let at = queue.length; at--; ) if (gone.has(queue[at] ?? "")) queue.splice(at, 1);
}

/** What is half sent begins anew later; what has arrived is waited for. */
export function stopMoving(): void {
  for (const [id, stop] of busy) if (store.get(id)?.state === "sending") stop.abort();
}

onGo(() => pump());

function pump(): void {
  if (stopped()) return;
  while (busy.size < AT_ONCE) {
    const at = queue.findIndex(isFree);
    const [id] = at < 0 ? [] : queue.splice(at, 1);
    if (!id) break;
    void run(id);
  }
  guard();
}

/** Photos of one product go one after the other: the first becomes its main photo, the second its second angle. */
function isFree(id: string): boolean {
  const entry = store.get(id);
  if (!entry) return true;
  return entry.kind === "photo" ? !entry.sku || !skus.has(entry.sku) : ![...busy.keys()].some((other) => store.get(other)?.kind !== "photo");
}

async function run(id: string): Promise<void> {
  const entry = store.get(id);
  if (!entry || entry.state !== "queued") return pump();
  const stop = new AbortController();
  busy.set(id, stop);
  if (entry.sku) skus.add(entry.sku);
  try {
    await send(entry, stop.signal);
    stumbles.delete(id);
    calm();
  } catch (error) {
    await stumbled(id, error);
  } finally {
    busy.delete(id);
    if (entry.sku) skus.delete(entry.sku);
    store.progress(id, 0);
    pump();
  }
}

async function send(entry: Entry, signal: AbortSignal): Promise<void> {
  const { id } = entry;
  const file = await fileOf(id);
  if (!file) return void store.patch(id, { state: "lost", wrong: local(copy.wrong.lost) });
  store.patch(id, { state: "sending", wrong: null });
  if (entry.listed && !(await isTold(entry))) return;
  const form = new FormData();
  if (entry.sku) form.append("sku", entry.sku);
  if (entry.role) form.append("role", entry.role);
  if (entry.collection && (entry.sku || entry.kind !== "photo")) form.append("collection_id", entry.collection);
  form.append("file", file, nameOf(entry));
  const { data } = await upload<Photo | Job>("/api/v1/images", form, {
    key: `${id}-${entry.tries}`, signal,
    progress: (fraction) => {
      store.progress(id, fraction);
      if (fraction === 1) store.patch(id, { state: "checking" });
    },
  });
  if ("stages" in data) {
    store.patch(id, { state: "unpacking", run: { id: data.id, done: data.done, total: data.total } });
    follow(id);
    return;
  }
  free([id]);
  store.patch(id, { state: "done", kept: false, ...taken(data, await tooSmall(data)) });
}

/** What the list says of its product. Is that wrong, the file is kept: a list put right sends it after all. */
async function isTold({ id, sku, listed }: Entry): Promise<boolean> {
  try {
    if (listed) await product(sku, listed);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    store.patch(id, { state: "failed", wrong: { ...wrongOf(error), remedy: copy.wrong.list, again: true } });
    return false;
  }
}

export function taken(photo: Photo, more: Finding[]): { photo: EntryPhoto; findings: Finding[] } {
  const { id, role, thumb, width, height } = photo;
  return { photo: { id, product: photo.product_id, role, thumb, width, height }, findings: [...more, ...cleaned(photo.findings)] };
}

/** Whether it is the file's fault, the connection's, or only too early. */
async function stumbled(id: string, error: unknown): Promise<void> {
  const entry = store.get(id);
  if (!entry) return;
  const again = (change: Partial<Entry> = {}): void => {
    store.patch(id, { state: "queued", ...change });
    queue.unshift(id);
  };
  // A new key: the service may have kept “the upload broke off” as the answer to the old one.
  if (error instanceof DOMException && error.name === "AbortError") return again({ tries: entry.tries + 1 });
  const fail = (): void => {
    const wrong = wrongOf(error);
    store.patch(id, { state: "failed", wrong });
    if (!wrong.again) free([id]);
  };
  if (!(error instanceof ApiError)) return fail();
  const { status, problem } = error;
  if (status === 401 || status === 403) {
    again();
    return halt("signed-out", problem.detail);
  }
  if (status === 507) {
    again();
    return halt("full", wrongOf(error).words);
  }
  if (status === 0 && !(await isReadable(id))) {
    return void store.patch(id, { state: "lost", wrong: local(copy.wrong.moved) });
  }
  const times = (stumbles.get(id) ?? 0) + 1;
  stumbles.set(id, times);
  const away = status === 0 || (status >= 500 && error.code === "unreached");
  // At work under this key still, as after a reload: its answer is waited for.
  const early = status === 409 || status === 429 || status === 503;
  if (times > (early ? MOST_TRIES * 3 : MOST_TRIES)) return stumbles.delete(id), fail();
  if (away) {
    again();
    halt("away");
  } else if (early) {
    await new Promise((done) => setTimeout(done, PATIENCE_MS));
    again();
  } else if (error.code === "incomplete_upload") {
    again({ tries: entry.tries + 1 });
  } else if (status >= 500 && times < 3) {
    await new Promise((done) => setTimeout(done, PATIENCE_MS));
    again();
  } else {
    fail();
  }
}

/** A file that was moved or changed on the disk ends a request just as a lost connection does. */
async function isReadable(id: string): Promise<boolean> {
  try {
    await (await fileOf(id))?.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
let warns = false;
/** Asks before the page is left, only while bytes are moving. */
function guard(): void {
  const moves = busy.size > 0;
  if (moves === warns) return;
  warns = moves;
  if (moves) addEventListener("beforeunload", warn);
  else removeEventListener("beforeunload", warn);
}
