/** The browser's database of uploads, in memory. It outlives a reload of the page; each test begins with an empty one. */
import type { Entry } from "~/features/upload/engine/entry";

type Disk = { entries: Map<string, Entry>; files: Map<string, Blob>; full: boolean };
const global = globalThis as { uploads?: Disk };
export const disk = (): Disk => (global.uploads ??= { entries: new Map(), files: new Map(), full: false });
export const formatDisk = (): void => void (global.uploads = undefined);

export const database: (typeof import("~/features/upload/engine/database"))["database"] = {
  entries: async () => structuredClone([...disk().entries.values()]),
  writeEntries: async (entries) => entries.forEach((entry) => disk().entries.set(entry.id, structuredClone(entry))),
  writeFile: async (id, file) => {
    if (disk().full) throw new DOMException("no room", "QuotaExceededError");
    disk().files.set(id, file);
  },
  file: async (id) => disk().files.get(id),
  fileIds: async () => new Set(disk().files.keys()),
  deleteFiles: async (ids) => ids.forEach((id) => disk().files.delete(id)),
  deleteEntries: async (ids) => ids.forEach((id) => (disk().entries.delete(id), disk().files.delete(id))),
};
