/** A CSV list, checked before it is sent: whether it names products, and how many lines it has. */
export type List = { file: File; rows: number } | { wrong: "no-sku" | "empty" };

export async function readList(file: File): Promise<List> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const text = new TextDecoder(wide ? (bytes[0] === 0xff ? "utf-16le" : "utf-16be") : "utf-8").decode(bytes);
  const lines = text.split(/\r\n|\r|\n/);
  const first = lines.find((line) => line.trim()) ?? "";
  const comma = [",", ";", "\t"].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best));
  const columns = first.split(comma).map((cell) => cell.trim().replace(/^"|"$/g, "").toLowerCase());
  const rows = lines.filter((line) => line.trim()).length - 1;
  if (!columns.includes("sku")) return { wrong: "no-sku" };
  if (rows < 1) return { wrong: "empty" };
  return { file, rows };
}
