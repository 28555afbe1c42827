/** What the library asks the service for, and how what is known already is changed in place. */
import { infiniteQueryOptions, queryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { api, got, type Schemas } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo, Product, View } from "./model";

const PAGE = 100;
type Pages<T> = InfiniteData<{ items: T[]; next_cursor?: string | null }>;
const lists = [...keys.products, "list"] as const;
const photoLists = [...keys.photos, "unassigned"] as const;

// "Needs a look" and "unsorted" the service cannot ask for: they are picked out of these pages (Products.tsx).
export const productPages = ({ collection, q, show }: View) =>
  infiniteQueryOptions({
    queryKey: [...lists, { collection, q, empty: show === "no-photos" }] as const,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, cursor: pageParam, q, collection_id: collection, has_photos: show === "no-photos" ? false : undefined };
      return got(api.GET("/api/v1/products", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 60_000,
    placeholderData: (before, asked) => ((asked?.queryKey[2] as View | undefined)?.collection === collection ? before : undefined),
  });

export const photoPages = (q?: string) =>
  infiniteQueryOptions({
    queryKey: [...photoLists, { q }] as const,
    queryFn: ({ pageParam, signal }) => {
      return got(api.GET("/api/v1/images", { params: { query: { limit: PAGE, cursor: pageParam, q, unassigned: true } }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 60_000,
    placeholderData: (before) => before,
  });

export const product = (id: string) =>
  queryOptions({
    queryKey: keys.product(id),
    queryFn: () => got(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id } } })),
  });

/** Products by a few words, to choose one. */
export const someProducts = (q: string) =>
  queryOptions({
    queryKey: [...keys.products, "some", q] as const,
    queryFn: async () => (await got(api.GET("/api/v1/products", { params: { query: { limit: 30, q: q || undefined } } }))).items,
    placeholderData: (before: Product[] | undefined) => before,
  });

const RECENT = 8;

/** What the newest batches made of a product. The service lists items by batch only, hence one question each. */
export const results = (sku: string) =>
  queryOptions({
    queryKey: ["results", sku] as const,
    queryFn: async () => {
      const batches = (await got(api.GET("/api/v1/batches", { params: { query: { limit: RECENT } } }))).items;
      const found = await Promise.all(batches.map(async (batch) => {
        const path = { batch_id: batch.id };
        const { items } = await got(api.GET("/api/v1/batches/{batch_id}/items", { params: { path, query: { sku, limit: 12 } } }));
        return items.map((item) => ({ item, batch: batch.name }));
      }));
      return found.flat();
    },
    staleTime: 30_000,
  });
export type Result = { item: Schemas["ItemView"]; batch: string };

// --- in place ---

const mapped = <T>(data: Pages<T> | undefined, change: (items: T[]) => T[]): Pages<T> | undefined =>
  data && { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) };

/** Change products in every list that shows them, and in their own entries. `null` takes one away. */
export function patchProducts(client: QueryClient, change: (product: Product) => Product | null): void {
  const all = (items: Product[]): Product[] => items.flatMap((one) => change(one) ?? []);
  client.setQueriesData<Pages<Product>>({ queryKey: lists }, (data) => mapped(data, all));
  for (const [key, known] of client.getQueriesData<Product>({ queryKey: keys.products })) {
    if (key.length === 2 && known?.id) client.setQueryData<Product>(key, change(known) ?? known);
  }
}

export function patchPhotos(client: QueryClient, change: (photo: Photo) => Photo | null): void {
  client.setQueriesData<Pages<Photo>>({ queryKey: photoLists }, (data) => mapped(data, (items) => items.flatMap((one) => change(one) ?? [])));
}

/** Products by id, of those that some list has loaded. */
export function knownProducts(client: QueryClient, ids: Iterable<string>): Product[] {
  const byId = new Map<string, Product>();
  for (const [, data] of client.getQueriesData<Pages<Product>>({ queryKey: lists })) {
    for (const page of data?.pages ?? []) for (const one of page.items) byId.set(one.id, one);
  }
  return [...ids].flatMap((id) => byId.get(id) ?? []);
}

/** Lists are looked at again when they are next opened; those in view keep what was patched in. */
export function refreshLater(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: keys.collections });
  void client.invalidateQueries({ queryKey: lists, refetchType: "none" });
}

/** Everything of the library is asked for again. */
export function refreshNow(client: QueryClient): void {
  for (const queryKey of [keys.collections, lists, photoLists]) void client.invalidateQueries({ queryKey });
}
