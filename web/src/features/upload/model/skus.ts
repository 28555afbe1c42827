/**
 * Which product a photo is of, by its name or its folder.
 *
 * The service does not guess: a single photo belongs to the SKU that is sent with it. A number behind a hyphen stays in
 * the SKU (“SHOE-7” is one); behind an underscore, in brackets or as Amazon writes it, it is an angle.
 */
export type Way = "name" | "folder" | "none";
/** order: among the product's photos. role: where the name says it; else the service gives the next that is free. */
export type Named = { sku: string; order: number; role: string };

const MAIN = new Set(["main", "front", "hero"]);
const SIDES = ["back", "side", "left", "right", "top", "bottom", "inside", "detail", "closeup", "label", "pack", "swatch", "model", "scale"];
const NUMBER = /^(.+?)(?:_(\d{1,2})|\s*\((\d{1,2})\)|[._]pt(\d{2})|[ _-]angle[ _-]?(\d{1,2}))$/i;
const WORD = new RegExp(`^(.+?)[._ ](${[...MAIN, ...SIDES].join("|")}|swch)(?:[._ ]?(\\d{1,2}))?$`, "i");

const stem = (name: string): string => name.replace(/\.[^.]+$/, "").normalize("NFC").trim();
const cut = (text: string): string => text.replace(/\p{Cc}/gu, "").slice(0, 200).trim();

export function byName(name: string): Named {
  const whole = stem(name);
  const word = WORD.exec(whole);
  if (word) return { sku: cut(word[1] ?? whole), ...side(word[2] ?? "", word[3]) };
  const number = NUMBER.exec(whole);
  if (number) {
    const angle = Number(number[2] ?? number[3] ?? number[4] ?? number[5]);
    return { sku: cut(number[1] ?? whole), order: number[4] ? angle + 1 : angle, role: "" };
  }
  return { sku: cut(whole), order: 0, role: "" };
}

/** path: “shoot/MUG-GREEN/back.jpg”. A file in no folder goes by its name. */
export function byFolder(path: string): Named {
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  const folder = parts.at(-2);
  if (!folder) return byName(name);
  const bare = stem(name).toLowerCase();
  const inner = MAIN.has(bare) || SIDES.includes(bare) ? side(bare) : byName(name);
  return { sku: cut(folder), order: inner.order, role: inner.role };
}

export function named(path: string, way: Way): Named | null {
  if (way === "none") return null;
  const result = way === "folder" ? byFolder(path) : byName(path.split("/").at(-1) ?? "");
  return result.sku ? result : null;
}

function side(word: string, number?: string): { order: number; role: string } {
  const role = word.toLowerCase() === "swch" ? "swatch" : word.toLowerCase();
  if (MAIN.has(role)) return { order: 0, role: "" }; // first in line, so it becomes the main photo if there is none
  return { order: 50 + SIDES.indexOf(role), role: number ? `${role} ${Number(number)}` : role };
}
