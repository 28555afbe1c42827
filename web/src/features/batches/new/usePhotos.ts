/** The photos of a draft: how many there are, and the photos themselves with their findings. */
import { useQuery } from "@tanstack/react-query";
import { api, ApiError, unwrap } from "~/api/client";
import { keys, photosByIds } from "~/api/queries";
import type { Photo, PhotoPage } from "~/api/types";
import type { Draft } from "./draft";

const MOST = 2_000; // so many are loaded here; the batch takes all of them
const PAGE = 200;
/** `count`: of all, also of those that are not loaded. `gone`: chosen, but deleted. */
export type Photos = { photos: Photo[]; count: number; gone: number };

export const needsLook = (photo: Photo): boolean => photo.findings.some((one) => one.verdict === "warn" || one.verdict === "fail");

export function usePhotos(draft: Draft) {
  const choice = choiceOf(draft);
  return useQuery({
    queryKey: [...keys.photos, "chosen", choice],
    queryFn: ({ signal }): Promise<Photos> => {
      if (!choice) throw new Error("nothing chosen");
      if ("collection" in choice) return ofCollection(choice.collection, signal);
      if ("products" in choice) return ofProducts(choice.products, signal);
      return ofIds(choice.images, signal);
    },
    enabled: choice !== null,
    staleTime: 30_000,
  });
}

type Choice = { collection: string } | { products: string[] } | { images: string[] };
function choiceOf(draft: Draft): Choice | null {
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
  let cursor: string | undefined;
  do {
    const page: PhotoPage = await unwrap(
      api.GET("/api/v1/images", { params: { query: { collection_id: collection, limit: PAGE, cursor, count: !cursor } }, signal }),
    );
    photos.push(...page.items);
    count = page.total ?? count;
    cursor = page.next_cursor ?? undefined;
  } while (cursor && photos.length < MOST);
  return { photos, count, gone: 0 };
}

async function ofProducts(ids: string[], signal: AbortSignal): Promise<Photos> {
  const products = await each(ids, (id) => unwrap(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id } }, signal })));
  const photos = products.flatMap((product) => product?.photos ?? []);
  return { photos, count: photos.length, gone: products.filter((one) => one === null).length };
}

async function ofIds(ids: string[], signal: AbortSignal): Promise<Photos> {
  const first = ids.slice(0, MOST);
  const photos = await photosByIds(first, signal);
  const gone = first.length - photos.length;
  return { photos, count: ids.length - gone, gone };
}

/** Loads a few at a time; null for what is deleted. */
async function each<T>(ids: string[], load: (id: string) => Promise<T>): Promise<(T | null)[]> {
  const results: (T | null)[] = [];
  for (let at = 0; at < ids.length; at += 8) {
    results.push(...(await Promise.all(ids.slice(at, at + 8).map((id) => load(id).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    })))));
  }
  return results;
}
