/** The fixed shop: 2,000 products in a tree of collections, with their photos. */
import type { Finding, Photo, Place, PlaceKind, Product, Verdict } from "../../src/api/types";
import { NAMES, type Kind, type Name } from "./pictures";

export const NOW = "2026-11-25T10:00:00Z";
export const ago = (minutes: number): string => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
export const file = (kind: Kind, name: Name): string => `/api/v1/files/${kind}-${name}`;

const KINDS: Record<Name, { sku: string; titles: readonly string[]; category: string }> = {
  bottle: { sku: "PEAK", titles: ["Peak No. 9 regenerating oil, 50 ml", "Peak No. 4 cleansing oil, 100 ml"], category: "Beauty" },
  can: { sku: "NORDLYS", titles: ["Nordlys sparkling orange, 330 ml", "Nordlys bitter lemon, 330 ml"], category: "Drinks" },
  mug: { sku: "MUG", titles: ["Stoneware mug, green", "Stoneware mug with a hand-thrown foot, sea green"], category: "Kitchen" },
  bear: { sku: "BEAR", titles: ["Teddy bear, 24 cm", "Teddy bear, 36 cm"], category: "Toys" },
  jar: { sku: "JAR", titles: ["Porcelain jar with lid", "Porcelain jar, small"], category: "Kitchen" },
  bag: { sku: "BAG", titles: ["Handbag, bronze", "Handbag with a long strap, bronze"], category: "Accessories" },
};
export const nameAt = (at: number): Name => NAMES[at % NAMES.length]!;
export const skuAt = (at: number): string => `${KINDS[nameAt(at)].sku}-${String(101 + Math.floor(at / NAMES.length)).padStart(3, "0")}`;
export const titleAt = (at: number): string => KINDS[nameAt(at)].titles[Math.floor(at / NAMES.length) % 2]!;

const finding = (check: string, verdict: Verdict, words: string): Finding => ({ check, verdict, words, value: null, limit: null, unit: "" });
export const findings = {
  blur: finding("blur", "warn", "The product is sharp over 41 % of its edge; 60 % and more looks crisp."),
  dark: finding("dark", "warn", "The product is dark: half of it is below 12 % brightness."),
  border: finding("border", "fail", "The product touches the right border of the photo."),
  small: finding("small", "warn", "The product is 620 px long; Amazon main image asks for 1,600 px."),
  edges: finding("edges", "fail", "A bright rim of 3 px runs along 8 % of the outline, at the strap."),
  uncertain: finding("uncertain", "warn", "The cut-out is unsure over 1.8 % of the outline."),
  fill: finding("fill", "fail", "The product fills 79 % of the frame; Amazon main image asks for 85 % to 100 %."),
  camera: finding("camera", "ok", "How high the camera stood is a guess. If the product seems to float or to sink, try the camera height “eye”."),
  shadow: finding("shadow", "warn", "The shadow was left out: where the product stands could not be told."),
} as const;

export function photo(at: number, angle = 0, more: Partial<Photo> = {}): Photo {
  const name = nameAt(at);
  const flagged = at % 11 === 4 && angle === 0 ? [findings.blur] : at % 17 === 7 && angle === 0 ? [findings.border, findings.dark] : [];
  return {
    id: `img_${at}_${angle}`, product_id: `prd_${at}`, role: angle === 0 ? "main" : `angle ${angle + 1}`, position: angle, name: `${skuAt(at)}${angle ? `_${angle + 1}` : ""}.jpg`,
    format: "JPEG", width: 4032, height: 3024, bytes: 3_412_000 + 7_310 * at, profile: "Display P3", sha256: "", findings: flagged, matte_version: 1,
    original: file("photo", name), thumb: file("thumb", name), revision: 1, created_at: ago(60 + at), updated_at: ago(60 + at), ...more,
  };
}

export function product(at: number): Product {
  const angles = at % 13 === 12 ? 0 : 1 + (at % 4 === 0 ? 2 : at % 3 === 0 ? 1 : 0);
  return {
    id: `prd_${at}`, sku: skuAt(at), title: at % 29 === 15 ? "" : titleAt(at), gtin: String(4000000001003 + at * 7), asin: at % 2 ? "" : "B0EXAMPLE1", category: KINDS[nameAt(at)].category,
    collections: at % 5 === 3 ? [] : [at % 2 ? "col_kitchen" : "col_autumn"], photos: Array.from({ length: angles }, (_, angle) => photo(at, angle)), revision: 1,
    created_at: ago(60 + at), updated_at: ago(60 + at),
  };
}
export const products = Array.from({ length: 2_000 }, (_, at) => product(at));
export const photos = products.flatMap((one) => one.photos);
export const loose = Array.from({ length: 7 }, (_, at) => photo(at, 0, { id: `img_loose_${at}`, product_id: null, role: "", name: `IMG_${4107 + 3 * at}.jpg` }));

const place = (id: string, kind: PlaceKind, name: string, count: number, parent_id: string | null = null): Place =>
  ({ id, kind, name, parent_id, position: 0, products: count, products_below: count, revision: 1, created_at: ago(9_000) });
export const places = [
  place("col_autumn", "collection", "Autumn catalog", 812), place("col_gifts", "collection", "Gifts under 30", 96, "col_autumn"), place("col_web", "collection", "Web exclusives", 141),
  place("col_aw", "season", "Autumn 2026", 640), place("col_ss", "season", "Spring 2027", 0), place("col_kitchen", "category", "Kitchen", 788), place("col_toys", "category", "Toys", 333),
];
