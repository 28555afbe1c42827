/** The photos that a choice stands for: how many, which, and what is to be said about them. */
import { useQuery } from "@tanstack/react-query";
import { api, ApiError, got } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo } from "../cache";
import type { Draft } from "./draft";

const MOST = 2_000; // of a collection so many are looked at before the batch is made; it takes all of them
const ONE_BY_ONE = 60;
export type Photos = { photos: Photo[]; count: number; exact: boolean; gone: number };

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
  let cursor: string | null = null;
  do {
    const page: { items: Photo[]; next_cursor?: string | null } = await got(
      api.GET("/api/v1/images", { params: { query: { collection_id: collection, limit: 200, cursor } }, signal }),
    );
    photos.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor && photos.length < MOST);
  return { photos, count: photos.length, exact: !cursor, gone: 0 };
}

async function ofProducts(products: string[], signal: AbortSignal): Promise<Photos> {
  const found = await each(products, (id) => got(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id } }, signal })));
  const photos = found.flatMap((product) => product?.photos ?? []);
  return { photos, count: photos.length, exact: true, gone: found.filter((one) => one === null).length };
}

/** Photos by id: those that were just uploaded come with one question, of the rest some are asked for one by one. */
async function ofIds(ids: string[], signal: AbortSignal): Promise<Photos> {
  const newest = await got(api.GET("/api/v1/images", { params: { query: { limit: 200 } }, signal }));
  const known = new Map(newest.items.map((photo) => [photo.id, photo]));
  const rest = ids.filter((id) => !known.has(id)).slice(0, ONE_BY_ONE);
  const found = await each(rest, (id) => got(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } }, signal })));
  for (const photo of found) if (photo) known.set(photo.id, photo);
  const gone = found.filter((one) => one === null).length;
  return { photos: ids.flatMap((id) => known.get(id) ?? []), count: ids.length - gone, exact: true, gone };
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
