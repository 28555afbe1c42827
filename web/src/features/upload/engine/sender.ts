/** Sends the queue, three files at a time, whatever screen is shown. */
import { ApiError, upload } from "~/api/client";
import type { Finding, Job, Photo } from "~/api/types";
import { upload as copy } from "~/shared/copy/upload";
import { tooSmall } from "./channels";
import { nameOf, type Entry, type EntryPhoto } from "./entry";
import { follow } from "./imports";
import { fileOf, releaseFiles } from "./persistence";
import { isPaused, onResume, pauseFor, resetWaits } from "./pause";
import { localWrong, withoutIds, wrongOf } from "./problems";
import { productId } from "./products";
import { store } from "./store";

const AT_ONCE = 3;
const MOST_TRIES = 8; // for one file, without a person asking for it
const RETRY_MS = 3_000;

const queue: string[] = [];
const busy = new Map<string, AbortController>();
const skus = new Set<string>();
const failures = new Map<string, number>();

/** Adds entries at the end of the queue. */
export function enqueue(ids: readonly string[]): void {
  const waiting = new Set(queue);
  for (const id of ids) if (!waiting.has(id) && !busy.has(id)) queue.push(id);
  sendNext();
}

/** Stops what is being sent of entries that are gone. Those that wait are skipped when it is their turn. */
export function cancel(ids: readonly string[]): void {
  for (const id of ids) busy.get(id)?.abort();
}

/** Stops the requests whose bytes are still moving; they start over later. Those whose bytes have arrived go on. */
export function abortSending(): void {
  for (const [id, controller] of busy) if (store.get(id)?.state === "sending") controller.abort();
}

onResume(() => sendNext());

function sendNext(): void {
  if (isPaused()) return;
  while (busy.size < AT_ONCE) {
    const at = queue.findIndex(canStart);
    const [id] = at < 0 ? [] : queue.splice(at, 1);
    if (!id) break;
    void run(id);
  }
  warnBeforeLeaving();
}

/** Photos of one product are sent one after the other: the first becomes its main photo, the second its second angle. */
function canStart(id: string): boolean {
  const entry = store.get(id);
  if (!entry) return true;
  return entry.kind === "photo" ? !entry.sku || !skus.has(entry.sku) : ![...busy.keys()].some((other) => store.get(other)?.kind !== "photo");
}

async function run(id: string): Promise<void> {
  const entry = store.get(id);
  if (!entry || entry.state !== "queued") return sendNext();
  const controller = new AbortController();
  busy.set(id, controller);
  if (entry.sku) skus.add(entry.sku);
  try {
    await send(entry, controller.signal);
    failures.delete(id);
    resetWaits();
  } catch (error) {
    await onFailure(id, error);
  } finally {
    busy.delete(id);
    if (entry.sku) skus.delete(entry.sku);
    store.progress(id, 0);
    sendNext();
  }
}

async function send(entry: Entry, signal: AbortSignal): Promise<void> {
  const { id } = entry;
  const file = await fileOf(id);
  if (!file) return void store.patch(id, { state: "lost", wrong: localWrong(copy.wrong.lost) });
  store.patch(id, { state: "sending", wrong: null });
  if (entry.listed && !(await isProductReady(entry))) return;
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
    store.patch(id, { state: "unpacking", job: { id: data.id, done: data.done, total: data.total } });
    follow(id);
    return;
  }
  releaseFiles([id]);
  store.patch(id, { state: "done", stored: false, ...photoFields(data, await tooSmall(data)) });
}

/** Saves what the list says of the product. Where that is refused, the file stays: a corrected list sends it after all. */
async function isProductReady({ id, sku, listed }: Entry): Promise<boolean> {
  try {
    if (listed) await productId(sku, listed);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    store.patch(id, { state: "failed", wrong: { ...wrongOf(error), remedy: copy.wrong.list, again: true } });
    return false;
  }
}

function photoFields(photo: Photo, more: Finding[]): { photo: EntryPhoto; findings: Finding[] } {
  const { id, role, thumb, width, height } = photo;
  return { photo: { id, product: photo.product_id, role, thumb, width, height }, findings: [...more, ...withoutIds(photo.findings)] };
}

/** Decides by the error whether the file is at fault, the connection, or whether it is only too early. */
async function onFailure(id: string, error: unknown): Promise<void> {
  const entry = store.get(id);
  if (!entry) return;
  const requeue = (change: Partial<Entry> = {}): void => {
    store.patch(id, { state: "queued", ...change });
    queue.unshift(id);
  };
  // A new key: the service may have stored "incomplete_upload" as the answer to the old one.
  const requeueAnew = (): void => requeue({ tries: entry.tries + 1 });
  if (error instanceof DOMException && error.name === "AbortError") return requeueAnew();
  const fail = (): void => {
    const wrong = wrongOf(error);
    store.patch(id, { state: "failed", wrong });
    if (!wrong.again) releaseFiles([id]);
  };
  if (!(error instanceof ApiError)) return fail();
  const { status, code, problem } = error;
  if (status === 401 || status === 403) {
    requeue();
    return pauseFor("signed-out", problem.detail);
  }
  if (status === 507) {
    requeue();
    return pauseFor("full", wrongOf(error).words);
  }
  if (status === 0 && !(await isReadable(id))) {
    return void store.patch(id, { state: "lost", wrong: localWrong(copy.wrong.moved) });
  }
  const times = (failures.get(id) ?? 0) + 1;
  failures.set(id, times);
  const isAway = status === 0 || (status >= 500 && code === "unreached");
  // Being worked on under this key still, as after a reload: the answer comes later.
  const isTooEarly = status === 409 || status === 429 || status === 503;
  if (times > (isTooEarly ? MOST_TRIES * 3 : MOST_TRIES)) return failures.delete(id), fail();
  if (isAway) {
    requeue();
    pauseFor("away");
  } else if (isTooEarly) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    requeue();
  } else if (code === "incomplete_upload") {
    requeueAnew();
  } else if (status >= 500 && times < 3) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    requeue();
  } else {
    fail();
  }
}

/** Whether the browser can still read the file: one that was moved or changed on the disk ends a request as a lost connection does. */
async function isReadable(id: string): Promise<boolean> {
  try {
    await (await fileOf(id))?.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
let warning = false;
/** The browser asks before the page is left, only while bytes are moving. */
function warnBeforeLeaving(): void {
  const isSending = busy.size > 0;
  if (isSending === warning) return;
  warning = isSending;
  if (isSending) addEventListener("beforeunload", warn);
  else removeEventListener("beforeunload", warn);
}
