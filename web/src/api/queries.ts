/** Query keys and the queries that more than one screen uses. Keys start with the resource, so live messages find them. */
import { queryOptions } from "@tanstack/react-query";
import { api, got } from "./client";

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
  templates: ["templates"] as const,
  channels: ["channels"] as const,
  failures: ["failures"] as const,
  exports: ["exports"] as const,
  jobs: ["jobs"] as const,
};

export const session = () =>
  queryOptions({ queryKey: keys.session, queryFn: () => got(api.GET("/api/v1/session")), staleTime: Infinity, retry: false });

// What marketplaces ask for first, then the sets, then what leads away from both; a team's own styles after them, as they were made.
const ORDER = ["white", "sweep", "marble", "oak", "podium", "linen", "gradient", "color", "image", "transparent"];
const place = (id: string): number => (ORDER.indexOf(id) + ORDER.length + 1) % (ORDER.length + 1);

export const templates = () =>
  queryOptions({
    queryKey: keys.templates,
    queryFn: async () => (await got(api.GET("/api/v1/templates"))).items.toSorted((a, b) => place(a.id) - place(b.id)),
    staleTime: 60_000,
  });

export const channels = () =>
  queryOptions({ queryKey: keys.channels, queryFn: async () => (await got(api.GET("/api/v1/channels"))).items, staleTime: 60_000 });

export const collections = () =>
  queryOptions({ queryKey: keys.collections, queryFn: async () => (await got(api.GET("/api/v1/collections"))).items, staleTime: 15_000 });

export const batch = (id: string) =>
  queryOptions({
    queryKey: keys.batch(id),
    queryFn: () => got(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: id } } })),
  });

export const batchStatus = (id: string) =>
  queryOptions({
    queryKey: keys.batchStatus(id),
    queryFn: () => got(api.GET("/api/v1/batches/{batch_id}/status", { params: { path: { batch_id: id } } })),
  });
