/** The photos that a choice stands for: how many, which, and what is to be said about them. */
import { useQuery } from "@tanstack/react-query";
import { api, ApiError, got, type Schemas } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo } from "../cache";
import type { Draft } from "./draft";

const MOST = 2_000; // so many are looked at before the batch is made; it takes all of them
const PAGE = 200;
/** `count`: of all, also of those that are not among `photos`. */
export type Photos = { photos: Photo[]; count: number; gone: number };

export const needsLook = (photo: Photo): boolean => photo.findings.some((one) => one.verdict === "warn" || one.verdict === "fail");

export function usePhotos(draft: Draft) {
  const wanted = wish(draft);
  return useQuery({
    queryKey: [...keys.photos, "chosen", wanted],
    queryFn: ({ signal }): Promise<Photos> => {
      if (!wanted) throw new Error("nothing chosen");
      if ("collection" in wanted) return ofCollection(wanted.collection, signal);
      if ("products" in wanted) return ofProducts(wanted.products, signal);
      return ofIds(wanted.images, signal);
    },
    enabled: wanted !== null,
    staleTime: 30_000,
  });
}

type Wish = { collection: string } | { products: string[] } | { images: string[] };
function wish(draft: Draft): Wish | null {
  switch (draft.kind) {
    case "collection": return draft.collection ? { collection: draft.collection } : null;
    case "products": return draft.products.length > 0 ? { products: draft.products } : null;
    case "photos": return draft.photos.length > 0 ? { images: draft.photos } : null;
    case "upload": return draft.upload && "images" in draft.upload ? { images: draft.upload.images } : null;
  }
}

async function ofCollection(collection: string, signal: AbortSignal): Promise<Photos> {
  const photos: Photo[] = [];
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: Schemas["Counted_PhotoView_"] = await got(
      api.GET("/api/v1/images", { params: { query: { collection_id: collection, limit: PAGE, cursor: cursor ?? undefined, count: !cursor } }, signal }),
    );
    photos.push(...page.items);
    count = page.total ?? count;
    cursor = page.next_cursor ?? null;
  } while (cursor && photos.length < MOST);
  return { photos, count, gone: 0 };
}

async function ofProducts(products: string[], signal: AbortSignal): Promise<Photos> {
  const found = await each(products, (id) => got(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id } }, signal })));
  const photos = found.flatMap((product) => product?.photos ?? []);
  return { photos, count: photos.length, gone: found.filter((one) => one === null).length };
}

/** Photos by id, in the order they were chosen in. */
async function ofIds(ids: string[], signal: AbortSignal): Promise<Photos> {
  const asked = ids.slice(0, MOST);
  const known = new Map<string, Photo>();
  for (let at = 0; at < asked.length; at += PAGE) {
    const page = await got(api.GET("/api/v1/images", { params: { query: { ids: asked.slice(at, at + PAGE), limit: PAGE } }, signal }));
    for (const photo of page.items) known.set(photo.id, photo);
  }
  const photos = asked.flatMap((id) => known.get(id) ?? []);
  const gone = asked.length - photos.length;
  return { photos, count: ids.length - gone, gone };
}

/** A few at a time; null for what is not there any more. */
async function each<T>(ids: string[], ask: (id: string) => Promise<T>): Promise<(T | null)[]> {
  const found: (T | null)[] = [];
  for (let at = 0; at < ids.length; at += 8) {
    found.push(...(await Promise.all(ids.slice(at, at + 8).map((id) => ask(id).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    })))));
  }
  return found;
}
