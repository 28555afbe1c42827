/**
 * CSV lists beside their photos, so that each photo is sent with the SKU of its row. The service reads them: their
 * letters, separators and columns are told by the same rules here, in a ZIP and in a watched folder.
 */
import { upload } from "~/api/client";
import type { ListRow, ListView } from "~/api/types";

export type Row = ListRow;
/** view: what the service says of it. plans: its rows name styles, channels or priorities. */
export type List = { path: string; view: ListView; rows: Row[]; plans: boolean };

/** columns: what those mean that the service does not know; it remembers them.  Raises ApiError. */
export async function readList(path: string, file: Blob, columns?: Record<string, string>): Promise<List> {
  const form = new FormData();
  if (columns) form.append("columns", JSON.stringify(columns));
  form.append("file", file, path.split("/").at(-1) ?? path);
  const { data } = await upload<ListView>("/api/v1/lists", form);
  const rows = data.rows.map((row) => ({ ...row, file: row.file.replaceAll("\\", "/").normalize("NFC") }));
  return { path, view: data, rows, plans: rows.some((row) => row.style || row.channel || row.priority) };
}

/** Whether a person has to say what its columns mean. */
export const isUnclear = ({ view }: List): boolean => view.columns.some((column) => column.means === null);
/** Whether its rows can be matched with photos; if not, the service says what is wrong with it. */
export const isComplete = ({ view }: List): boolean => view.lacks.length === 0;

const FIELDS = ["sku", "url", "gtin", "asin", "title", "role"] as const;

/** The rows that name an address, as a list of their own: the service downloads these photos. Null: there are none. */
export function addressesOf(list: List, name: string): File | null {
  const lines = list.rows.filter((row) => row.url && !row.file && !row.problem).map((row) => quoted(FIELDS.map((field) => row[field])));
  return lines.length ? new File([[quoted(FIELDS), ...lines].join("\r\n")], name, { type: "text/csv" }) : null;
}

/** A finder: the row for a photo's path. A row's file counts from the list's own folder; where that fails, by its bare name. */
export function finder(list: List): (path: string) => Row | undefined {
  const folder = list.path.includes("/") ? list.path.replace(/[^/]*$/, "") : "";
  const exact = new Map<string, Row>();
  const whole = new Map<string, Row | null>();
  const bare = new Map<string, Row | null>();
  for (const row of list.rows) {
    if (!row.file || !row.sku) continue;
    const path = folder + row.file.replace(/^\.\//, "");
    const name = row.file.split("/").at(-1)?.toLowerCase() ?? "";
    exact.set(path, row);
    whole.set(path.toLowerCase(), whole.has(path.toLowerCase()) ? null : row); // two that differ in capitals: only as they are written
    bare.set(name, bare.has(name) ? null : row); // two files of one name: only the whole path tells them apart
  }
  return (path) => {
    const name = path.normalize("NFC");
    const key = name.toLowerCase();
    return exact.get(name) ?? whole.get(key) ?? bare.get(key.split("/").at(-1) ?? "") ?? undefined;
  };
}

const quoted = (cells: readonly string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
