/** Unsaved work on a matte, kept in this browser: it survives a reload, and a second tab sees it. */
const [NAME, STORE] = ["packshot-drafts", "mattes"];
const MOST_DRAFTS = 12;

/** etag: of the matte that was painted on; a draft on another one is of no use. */
export type Draft = { photo: string; etag: string; levels: Blob; at: number };

function database(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "photo" });
    opening.onsuccess = () => done(opening.result);
    opening.onerror = () => failed(opening.error ?? new Error("no database"));
  });
}

async function asked<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await database();
  try {
    return await new Promise((done, failed) => {
      const request = act(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error ?? new Error("not stored"));
    });
  } finally {
    db.close();
  }
}

const through = (bytes: Blob, how: TransformStream<BufferSource, Uint8Array>): Promise<Blob> => new Response(bytes.stream().pipeThrough(how as unknown as ReadableWritablePair<Uint8Array, Uint8Array>)).blob();

/** Keeps it; false where the browser has no room or allows no storage. */
export async function storeDraft(photo: string, etag: string, levels: Uint8Array): Promise<boolean> {
  try {
    const packed = await through(new Blob([levels as BlobPart]), new CompressionStream("gzip"));
    await asked("readwrite", (store) => store.put({ photo, etag, levels: packed, at: Date.now() } satisfies Draft));
    const all = (await asked("readonly", (store) => store.getAll())) as Draft[];
    const old = all.sort((a, b) => b.at - a.at).slice(MOST_DRAFTS);
    for (const one of old) await dropDraft(one.photo);
    return true;
  } catch {
    return false;
  }
}

/** The levels of the draft on this matte, if there is one of that size. */
export async function findDraft(photo: string, etag: string, pixels: number): Promise<Uint8Array | null> {
  try {
    const draft = (await asked("readonly", (store) => store.get(photo))) as Draft | undefined;
    if (!draft || draft.etag !== etag) return null;
    const levels = new Uint8Array(await (await through(draft.levels, new DecompressionStream("gzip"))).arrayBuffer());
    return levels.length === pixels ? levels : null;
  } catch {
    return null;
  }
}

export async function dropDraft(photo: string): Promise<void> {
  await asked("readwrite", (store) => store.delete(photo)).catch(() => undefined);
}
