/** What is chosen for a batch to be, and what is still missing. */
import type { Batch, Style } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { newId } from "~/shared/id";

export type Value = number | boolean | string | null;
export type Look = { key: string; template: string; options: Record<string, Value> };
export const KINDS = ["collection", "products", "photos", "upload"] as const;
export type Kind = (typeof KINDS)[number];

/** A ZIP that was unpacked by a job, or a list that goes along with the batch. */
export type Upload = { name: string } & ({ job: string; images: string[]; refused: Refused[] } | { file: File; rows: number });
export type Refused = { name: string; reason?: string; words?: string };

export type Draft = {
  kind: Kind; collection: string | null; products: string[]; photos: string[]; upload: Upload | null;
  without: ReadonlySet<string>; // photos that are left out
  looks: Look[]; channels: string[]; priority: Batch["priority"]; refine: boolean; upscale: boolean; hold: boolean;
  name: string | null; // null: the default
};

const CHANNELS = "packshot-channels";
export const PHOTOS = "packshot-batch-images"; // written by the upload screen

export function begin(search: { collection?: string; products?: string; images?: string; style?: string }): Draft {
  const split = (words?: string) => words?.split(",").filter(Boolean) ?? [];
  const products = split(search.products);
  const photos = split(search.images).length > 0 ? split(search.images) : stored<string[]>(sessionStorage, PHOTOS, []);
  const kind: Kind = products.length > 0 ? "products" : search.collection ? "collection" : photos.length > 0 ? "photos" : "collection";
  return {
    kind, collection: search.collection ?? null, products, photos, upload: null, without: new Set(),
    looks: search.style ? [look(search.style)] : [],
    channels: stored<string[]>(localStorage, CHANNELS, []), priority: "standard", refine: false, upscale: false, hold: false, name: null,
  };
}

export const look = (template: string, options: Record<string, Value> = {}): Look => ({ key: newId(), template, options });

function stored<T>(store: Storage, key: string, none: T): T {
  try {
    return (JSON.parse(store.getItem(key) ?? "null") as T | null) ?? none;
  } catch {
    return none;
  }
}

/** What is remembered for the next batch, and what is used up. */
export function landed(draft: Draft): void {
  localStorage.setItem(CHANNELS, JSON.stringify(draft.channels));
  sessionStorage.removeItem(PHOTOS);
}

export type Wrong = { products?: string; style?: string; channels?: string; order?: string };

export function wrongWith(draft: Draft, photos: { count: number | null; ids: string[] }, name: string, styles: Style[], busy: boolean): Wrong {
  const copy = batches.fresh;
  const wrong: Wrong = {};
  if (busy) wrong.products = copy.products.busy;
  else if (!(draft.kind === "upload" && draft.upload && "file" in draft.upload) && !photos.count) wrong.products = copy.products.needed;
  if (draft.looks.length === 0) wrong.style = copy.style.needed;
  else if (draft.looks.some((one) => pictureMissing(one, styles))) wrong.style = copy.style.pictureNeeded;
  if (!name.trim()) wrong.order = copy.order.nameNeeded;
  return wrong;
}

/** Whether a look needs a background picture that is not chosen yet. */
export function pictureMissing(one: Look, styles: Style[]): boolean {
  const option = styles.find((style) => style.id === one.template)?.options.find((option) => option.kind === "picture");
  return Boolean(option) && !(one.options[option?.name ?? ""] ?? option?.value);
}

/** The batch as the service takes it, without its file. `images`: set where photos are left out. */
export function asked(draft: Draft, name: string, images: string[] | null) {
  const source =
    images ? { images }
    : draft.kind === "collection" ? { collection: draft.collection }
    : draft.kind === "products" ? { products: draft.products }
    : draft.kind === "photos" ? { images: draft.photos }
    : { upload: draft.upload && "job" in draft.upload ? draft.upload.job : null };
  return {
    name: name.trim(), source, looks: draft.looks.map(({ template, options }) => ({ template, options })), channels: draft.channels,
    priority: draft.priority, refine: draft.refine, upscale: draft.upscale, hold: draft.hold, paused: false, items: [],
  };
}
