/** What was not sent yet, over a reload or a crash: lines in one store, their files in another, so that a line is cheap to write. */
import type { Entry } from "./entry";

const NAME = "packshot-uploads";
let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("entries", { keyPath: "id" });
      asked.result.createObjectStore("files");
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      done(asked.result);
    };
    asked.onerror = () => failed(asked.error ?? new Error("closed"));
  });
  opened.catch(() => (opened = null));
  return opened;
}

async function act<T>(stores: string[], mode: IDBTransactionMode, deed: (store: (name: string) => IDBObjectStore) => IDBRequest<T> | void): Promise<T | undefined> {
  const tx = (await open()).transaction(stores, mode);
  return new Promise((done, failed) => {
    let asked: IDBRequest<T> | void;
    tx.oncomplete = () => done(asked ? asked.result : undefined);
    tx.onabort = () => failed(tx.error ?? new DOMException("aborted", "AbortError"));
    asked = deed((name) => tx.objectStore(name));
  });
}

export const database = {
  entries: async (): Promise<Entry[]> => (await act(["entries"], "readonly", (store) => store("entries").getAll() as IDBRequest<Entry[]>)) ?? [],

  write: (entries: readonly Entry[]): Promise<void> =>
    act(["entries"], "readwrite", (store) => entries.forEach((entry) => void store("entries").put(entry))).then(() => undefined),

  /** Raises a QuotaExceededError where the browser has no room, and whatever it says of a file that is gone. */
  keep: (id: string, file: Blob): Promise<void> => act(["files"], "readwrite", (store) => void store("files").put(file, id)).then(() => undefined),

  file: async (id: string): Promise<Blob | undefined> => act(["files"], "readonly", (store) => store("files").get(id) as IDBRequest<Blob>),

  /** Of which lines the files are here. */
  held: async (): Promise<Set<string>> =>
    new Set((await act(["files"], "readonly", (store) => store("files").getAllKeys()))?.map(String)),

  free: (ids: readonly string[]): Promise<void> =>
    act(["files"], "readwrite", (store) => ids.forEach((id) => void store("files").delete(id))).then(() => undefined),

  forget: (ids: readonly string[]): Promise<void> =>
    act(["entries", "files"], "readwrite", (store) => ids.forEach((id) => (void store("entries").delete(id), void store("files").delete(id)))).then(() => undefined),
};
