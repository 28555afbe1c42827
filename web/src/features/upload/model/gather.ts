/** What was dropped or chosen, with the folders it lies in: files of folders, and of folders in them. */
/** file: null where it could not be opened, so that it is shown as failed. */
export type GatheredFile = { file: File | null; path: string };

/**
 * The items of a drop. Entries must be taken before the first await: the browser empties the list after the event.
 * onCount: is called with the number so far, in big folders.
 */
export async function gather(items: DataTransferItemList, onCount: (count: number) => void): Promise<GatheredFile[]> {
  const entries: FileSystemEntry[] = [];
  const loose: GatheredFile[] = [];
  for (const item of items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) entries.push(entry);
    else if (file) loose.push({ file, path: file.name });
  }
  const files: GatheredFile[] = loose;
  for (const entry of entries) await walk(entry, "", files, onCount);
  return files;
}

/** Of <input type="file">, with webkitdirectory or without. */
export const chosen = (files: FileList): GatheredFile[] =>
  [...files].map((file) => ({ file, path: (file.webkitRelativePath || file.name).normalize("NFC") }));

async function walk(entry: FileSystemEntry, folder: string, files: GatheredFile[], onCount: (count: number) => void): Promise<void> {
  const path = (folder + entry.name).normalize("NFC");
  if (entry.isFile) {
    try {
      const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
      files.push({ file, path });
      if (files.length % 50 === 0) onCount(files.length);
    } catch {
      files.push({ file: null, path }); // a broken link, or no permission to read it
    }
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // readEntries returns a hundred at a time, and an empty list at the end.
    const some = await new Promise<FileSystemEntry[]>((done) => reader.readEntries(done, () => done([])));
    if (some.length === 0) return;
    for (const one of some) await walk(one, `${path}/`, files, onCount);
  }
}
