/** Query keys and the queries that more than one screen uses. Keys start with the resource, so live messages find them. */
import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import type { Photo } from "./types";

export const keys = {
  session: ["session"] as const,
  batches: ["batches"] as const,
  batch: (id: string) => ["batches", id] as const,
  batchStatus: (id: string) => ["batches", id, "status"] as const,
  items: (batch: string) => ["items", batch] as const,
  item: (id: string) => ["item", id] as const,
  products: ["products"] as const,
  product: (id: string) => ["products", id] as const,
  photos: ["photos"] as const,
  collections: ["collections"] as const,
  styles: ["styles"] as const,
  channels: ["channels"] as const,
  failures: ["failures"] as const,
  exports: ["exports"] as const,
  jobs: ["jobs"] as const,
};

export const session = () =>
  queryOptions({ queryKey: keys.session, queryFn: () => unwrap(api.GET("/api/v1/session")), staleTime: Infinity, retry: false });

// What marketplaces ask for first, then the sets, then what leads away from both; a team's own styles after them, in the order in which they were made.
const ORDER = ["white", "sweep", "marble", "oak", "podium", "linen", "gradient", "color", "image", "transparent"];
const place = (id: string): number => (ORDER.indexOf(id) + ORDER.length + 1) % (ORDER.length + 1);

export const allStyles = () =>
  queryOptions({
    queryKey: keys.styles,
    queryFn: async () => (await unwrap(api.GET("/api/v1/styles"))).items.toSorted((a, b) => place(a.id) - place(b.id)),
    staleTime: 60_000,
  });

export const channels = () =>
  queryOptions({ queryKey: keys.channels, queryFn: async () => (await unwrap(api.GET("/api/v1/channels"))).items, staleTime: 60_000 });

export const collections = () =>
  queryOptions({ queryKey: keys.collections, queryFn: async () => (await unwrap(api.GET("/api/v1/collections"))).items, staleTime: 15_000 });

export const batch = (id: string) =>
  queryOptions({
    queryKey: keys.batch(id),
    queryFn: () => unwrap(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: id } } })),
  });

export const batchStatus = (id: string) =>
  queryOptions({
    queryKey: keys.batchStatus(id),
    queryFn: () => unwrap(api.GET("/api/v1/batches/{batch_id}/status", { params: { path: { batch_id: id } } })),
  });

const PHOTOS_AT_ONCE = 200;

/** Photos by id, in the order of `ids`; those that are deleted are left out. */
export async function photosByIds(ids: readonly string[], signal?: AbortSignal): Promise<Photo[]> {
  const byId = new Map<string, Photo>();
  for (let at = 0; at < ids.length; at += PHOTOS_AT_ONCE) {
    const query = { ids: ids.slice(at, at + PHOTOS_AT_ONCE), limit: PHOTOS_AT_ONCE };
    for (const photo of (await unwrap(api.GET("/api/v1/images", { params: { query }, signal }))).items) byId.set(photo.id, photo);
  }
  return ids.flatMap((id) => byId.get(id) ?? []);
}
