/** CSV lists beside their photos: read here, so that each photo is sent with the SKU of its row. */
export type Row = { number: number; sku: string; file: string; url: string; gtin: string; asin: string; title: string; role: string };
/** rows: null where it is not a list that the service accepts; the service then says what is wrong with it. */
export type List = { path: string; head: string; rows: Row[] | null; lines: Map<number, string[]>; plans: boolean };

const FIELDS = ["sku", "file", "url", "gtin", "asin", "title", "role"] as const;
const PLANS = ["template", "channel", "priority"];

export async function readList(path: string, file: Blob): Promise<List> {
  const text = decoded(new Uint8Array(await file.arrayBuffer()));
  const first = text.trimStart().split("\n", 1)[0] ?? "";
  const separator = [",", ";", "\t"].sort((a, b) => first.split(b).length - first.split(a).length)[0] ?? ",";
  const records = parsed(text, separator).map((record) => record.map((cell) => cell.trim()));
  const at = records.findIndex((record) => record.some(Boolean));
  const columns = (records[at] ?? []).map((cell) => cell.toLowerCase());
  const isList = columns.includes("sku") && (columns.includes("file") || columns.includes("url"));
  const list: List = { path, head: quoted(records[at] ?? []), rows: isList ? [] : null, lines: new Map(), plans: false };
  if (!list.rows) return list;
  for (const [index, record] of records.entries()) {
    if (index <= at || !record.some(Boolean)) continue;
    const cell = (column: string): string => record[columns.indexOf(column)] ?? "";
    const row = { number: index + 1 } as Row;
    for (const field of FIELDS) row[field] = columns.includes(field) ? cell(field) : "";
    row.file = row.file.replaceAll("\\", "/").normalize("NFC");
    list.rows.push(row);
    list.lines.set(row.number, record);
    list.plans ||= PLANS.some((column) => columns.includes(column) && cell(column) !== "");
  }
  return list;
}

/** The rows that name an address, as a list of their own: the service downloads these photos. Null: there are none. */
export function addressesOf(list: List, name: string): File | null {
  const lines = (list.rows ?? []).filter((row) => row.url && !row.file).map((row) => quoted(list.lines.get(row.number) ?? []));
  return lines.length ? new File([[list.head, ...lines].join("\r\n")], name, { type: "text/csv" }) : null;
}

/** A finder: the row for a photo's path. A row's file counts from the list's own folder; where that fails, by its bare name. */
export function finder(list: List): (path: string) => Row | undefined {
  const folder = list.path.includes("/") ? list.path.replace(/[^/]*$/, "") : "";
  const whole = new Map<string, Row>();
  const bare = new Map<string, Row | null>();
  for (const row of list.rows ?? []) {
    if (!row.file || !row.sku) continue;
    whole.set((folder + row.file.replace(/^\.\//, "")).toLowerCase(), row);
    const name = row.file.split("/").at(-1)?.toLowerCase() ?? "";
    bare.set(name, bare.has(name) ? null : row); // two files of one name: only the whole path tells them apart
  }
  return (path) => {
    const key = path.normalize("NFC").toLowerCase();
    return whole.get(key) ?? bare.get(key.split("/").at(-1) ?? "") ?? undefined;
  };
}

function decoded(bytes: Uint8Array): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes); // as Excel writes it in western Windows
  }
}

/** RFC 4180: quotation marks hold separators and line breaks; two of them are one. */
function parsed(text: string, separator: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [], cell = "", inside = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (inside) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') (cell += '"'), at++;
      else inside = false;
    } else if (letter === '"' && !cell) inside = true;
    else if (letter === separator) record.push(cell), (cell = "");
    else if (letter === "\n") records.push([...record, cell]), (record = []), (cell = "");
    else if (letter !== "\r") cell += letter;
  }
  if (cell || record.length) records.push([...record, cell]);
  return records;
}

const quoted = (cells: string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
