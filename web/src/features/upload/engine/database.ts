/** Entries that are not sent yet, and their files, in the browser's database: they survive a reload or a crash. */
import type { Entry } from "./entry";

const NAME = "packshot-uploads";
const VERSION = 2;
let connection: Promise<IDBDatabase> | null = null;

function connect(): Promise<IDBDatabase> {
  connection ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, VERSION);
    opening.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion === 1) return renameFields(opening.transaction!.objectStore("entries"));
      opening.result.createObjectStore("entries", { keyPath: "id" });
      opening.result.createObjectStore("files"); // apart from the entries, so that an entry is cheap to write
    };
    opening.onsuccess = () => {
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
    opening.onerror = () => reject(opening.error ?? new Error("closed"));
  });
  connection.catch(() => (connection = null));
  return connection;
}

/** Version 1 called `stored` kept, and `job` run. */
function renameFields(entries: IDBObjectStore): void {
  const all = entries.getAll() as IDBRequest<(Entry & { kept: boolean; run: Entry["job"] })[]>;
  all.onsuccess = () => {
    for (const { kept, run, ...entry } of all.result) entries.put({ ...entry, stored: kept, job: run });
  };
}

async function transact<T>(stores: string[], mode: IDBTransactionMode, work: (store: (name: string) => IDBObjectStore) => IDBRequest<T> | void): Promise<T | undefined> {
  const transaction = (await connect()).transaction(stores, mode);
  return new Promise((resolve, reject) => {
    let request: IDBRequest<T> | void;
    transaction.oncomplete = () => resolve(request ? request.result : undefined);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
    request = work((name) => transaction.objectStore(name));
  });
}

export const database = {
  entries: async (): Promise<Entry[]> => (await transact(["entries"], "readonly", (store) => store("entries").getAll() as IDBRequest<Entry[]>)) ?? [],

  writeEntries: (entries: readonly Entry[]): Promise<void> =>
    transact(["entries"], "readwrite", (store) => entries.forEach((entry) => void store("entries").put(entry))).then(() => undefined),

  /** Raises QuotaExceededError where the browser has no room, and whatever it says of a file that is gone from the disk. */
  writeFile: (id: string, file: Blob): Promise<void> => transact(["files"], "readwrite", (store) => void store("files").put(file, id)).then(() => undefined),

  file: async (id: string): Promise<Blob | undefined> => transact(["files"], "readonly", (store) => store("files").get(id) as IDBRequest<Blob>),

  /** Ids of the entries whose files are in the database. */
  fileIds: async (): Promise<Set<string>> =>
    new Set((await transact(["files"], "readonly", (store) => store("files").getAllKeys()))?.map(String)),

  deleteFiles: (ids: readonly string[]): Promise<void> =>
    transact(["files"], "readwrite", (store) => ids.forEach((id) => void store("files").delete(id))).then(() => undefined),

  deleteEntries: (ids: readonly string[]): Promise<void> =>
    transact(["entries", "files"], "readwrite", (store) => ids.forEach((id) => (void store("entries").delete(id), void store("files").delete(id)))).then(() => undefined),
};
