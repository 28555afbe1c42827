/** A batch before it is created: what is chosen, and what is still missing. */
import type { Batch, Style } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { newId } from "~/shared/id";

export type Value = number | boolean | string | null;
export type StyleChoice = { key: string; style: string; options: Record<string, Value> };
export const KINDS = ["collection", "products", "photos", "upload"] as const;
export type Kind = (typeof KINDS)[number];

/** A ZIP that was unpacked by a job, or a list that goes along with the batch. */
export type Upload = { name: string } & ({ job: string; images: string[]; refused: Refused[] } | { file: File; rows: number });
export type Refused = { name: string; reason?: string; words?: string };

export type Draft = {
  kind: Kind; collection: string | null; products: string[]; photos: string[]; upload: Upload | null;
  without: ReadonlySet<string>; // photos that are left out
  choices: StyleChoice[]; channels: string[]; priority: Batch["priority"]; refine: boolean; upscale: boolean; hold: boolean;
  name: string | null; // null: the default
};

const CHANNELS = "packshot-channels";
export const PHOTOS = "packshot-batch-images"; // written by the upload screen

export function initialDraft(search: { collection?: string; products?: string; images?: string; style?: string }): Draft {
  const split = (words?: string) => words?.split(",").filter(Boolean) ?? [];
  const products = split(search.products);
  const photos = split(search.images).length > 0 ? split(search.images) : stored<string[]>(sessionStorage, PHOTOS, []);
  const kind: Kind = products.length > 0 ? "products" : search.collection ? "collection" : photos.length > 0 ? "photos" : "collection";
  return {
    kind, collection: search.collection ?? null, products, photos, upload: null, without: new Set(),
    choices: search.style ? [styleChoice(search.style)] : [],
    channels: stored<string[]>(localStorage, CHANNELS, []), priority: "standard", refine: false, upscale: false, hold: false, name: null,
  };
}

export const styleChoice = (style: string, options: Record<string, Value> = {}): StyleChoice => ({ key: newId(), style, options });

function stored<T>(store: Storage, key: string, fallback: T): T {
  try {
    return (JSON.parse(store.getItem(key) ?? "null") as T | null) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers the channels for the next batch, and forgets the photos that the upload screen had handed over. */
export function afterCreated(draft: Draft): void {
  localStorage.setItem(CHANNELS, JSON.stringify(draft.channels));
  sessionStorage.removeItem(PHOTOS);
}

export type Problems = { products?: string; style?: string; channels?: string; order?: string };

export function problemsOf(draft: Draft, photos: { count: number | null; ids: string[] }, name: string, styles: Style[], busy: boolean): Problems {
  const copy = batches.newBatch;
  const problems: Problems = {};
  if (busy) problems.products = copy.products.busy;
  else if (!(draft.kind === "upload" && draft.upload && "file" in draft.upload) && !photos.count) problems.products = copy.products.needed;
  if (draft.choices.length === 0) problems.style = copy.style.needed;
  else if (draft.choices.some((one) => pictureMissing(one, styles))) problems.style = copy.style.pictureNeeded;
  if (!name.trim()) problems.order = copy.order.nameNeeded;
  return problems;
}

/** Whether a style needs a background picture that is not chosen yet. */
export function pictureMissing(one: StyleChoice, styles: Style[]): boolean {
  const option = styles.find((style) => style.id === one.style)?.options.find((option) => option.kind === "picture");
  return Boolean(option) && !(one.options[option?.name ?? ""] ?? option?.value);
}

/** The request that creates the batch, without its file. `images`: set where photos are left out. */
export function toRequest(draft: Draft, name: string, images: string[] | null) {
  const source =
    images ? { images }
    : draft.kind === "collection" ? { collection: draft.collection }
    : draft.kind === "products" ? { products: draft.products }
    : draft.kind === "photos" ? { images: draft.photos }
    : { upload: draft.upload && "job" in draft.upload ? draft.upload.job : null };
  return {
    name: name.trim(), source, styles: draft.choices.map(({ style, options }) => ({ style, options })), channels: draft.channels,
    priority: draft.priority, refine: draft.refine, upscale: draft.upscale, hold: draft.hold, paused: false, items: [],
  };
}
