/**
 * The service signs links to pictures anew with each answer. The same picture keeps its first link for as long as it is
 * good, so that a list that is asked for again does not load its pictures again.
 */
import type { Schemas } from "~/api/client";

type Photo = Schemas["PhotoView"];
const GOOD_MS = 40 * 60_000; // a link is good for an hour
const kept = new Map<string, { url: string; until: number }>();

function steady(key: string, url: string): string {
  const now = Date.now();
  const known = kept.get(key);
  if (known && known.until > now) return known.url;
  if (url) kept.set(key, { url, until: now + GOOD_MS });
  return url;
}

export const steadyPhoto = (photo: Photo): Photo => ({
  ...photo, thumb: steady(`t${photo.sha256}`, photo.thumb), original: steady(`o${photo.id}${photo.sha256}${photo.name}`, photo.original),
});

export const steadyProduct = (product: Schemas["ProductView"]): Schemas["ProductView"] => ({
  ...product, photos: product.photos.map(steadyPhoto),
});
