/** The library's queries, and how their cached answers are patched. */
import { infiniteQueryOptions, queryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo, Product, ProductOrder } from "~/api/types";
import type { LibrarySearch } from "./search";

const PAGE = 100;
type Pages<T> = InfiniteData<{ items: T[]; next_cursor?: string | null; total?: number | null }>;
const lists = [...keys.products, "list"] as const;
const photoLists = [...keys.photos, "unassigned"] as const;

// The total comes with the first page.
export const productPages = ({ collection, q, show }: LibrarySearch, order: ProductOrder) =>
  infiniteQueryOptions({
    queryKey: [...lists, { collection, q, show, order }] as const,
    queryFn: ({ pageParam, signal }) => {
      const query = {
        limit: PAGE, cursor: pageParam, count: !pageParam, order, q, collection_id: collection, has_photos: show === "no-photos" ? false : undefined,
        flagged: show === "flagged" || undefined, unsorted: show === "unsorted" || undefined,
      };
      return unwrap(api.GET("/api/v1/products", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 60_000,
    placeholderData: (before, query) => ((query?.queryKey[2] as LibrarySearch | undefined)?.collection === collection ? before : undefined),
  });

export const photoPages = (q?: string) =>
  infiniteQueryOptions({
    queryKey: [...photoLists, { q }] as const,
    queryFn: ({ pageParam, signal }) => {
      return unwrap(api.GET("/api/v1/images", { params: { query: { limit: PAGE, cursor: pageParam, count: !pageParam, q, unassigned: true } }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 60_000,
    placeholderData: (before) => before,
  });

// --- totals ---

const productTotals = [...keys.products, "total"] as const;
const photoTotals = [...keys.photos, "total"] as const;

export const productTotal = (unsorted?: true) =>
  queryOptions({
    queryKey: [...productTotals, { unsorted }] as const,
    queryFn: async () => (await unwrap(api.GET("/api/v1/products", { params: { query: { limit: 1, count: true, unsorted } } }))).total ?? 0,
    staleTime: 30_000,
  });
export const unassignedTotal = () =>
  queryOptions({
    queryKey: photoTotals,
    queryFn: async () => (await unwrap(api.GET("/api/v1/images", { params: { query: { limit: 1, count: true, unassigned: true } } }))).total ?? 0,
    staleTime: 30_000,
  });

export const product = (id: string) =>
  queryOptions({
    queryKey: keys.product(id),
    queryFn: () => unwrap(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id } } })),
  });

/** The first products for a few words, to choose one. */
export const someProducts = (q: string) =>
  queryOptions({
    queryKey: [...keys.products, "some", q] as const,
    queryFn: async () => (await unwrap(api.GET("/api/v1/products", { params: { query: { limit: 30, q: q || undefined } } }))).items,
    placeholderData: (before: Product[] | undefined) => before,
  });

const RECENT = 8;

/** Pictures of a product from the newest batches. */
export const results = (id: string) =>
  queryOptions({
    queryKey: ["results", id] as const,
    queryFn: async () => (await unwrap(api.GET("/api/v1/items", { params: { query: { product_id: id, limit: RECENT } } }))).items,
    staleTime: 30_000,
  });

// --- patching the cache ---

/** Items that are taken out of the pages are also taken off the total. */
function mapped<T>(data: Pages<T> | undefined, change: (items: T[]) => T[]): Pages<T> | undefined {
  if (!data) return data;
  const pages = data.pages.map((page) => ({ ...page, items: change(page.items) }));
  const removed = sum(data.pages) - sum(pages);
  return { ...data, pages: pages.map((page) => (page.total == null ? page : { ...page, total: page.total - removed })) };
}
const sum = (pages: { items: unknown[] }[]): number => pages.reduce((all, page) => all + page.items.length, 0);

/** Changes products in every cached list and by themselves. `null` removes one. */
export function patchProducts(client: QueryClient, change: (product: Product) => Product | null): void {
  const all = (items: Product[]): Product[] => items.flatMap((one) => change(one) ?? []);
  client.setQueriesData<Pages<Product>>({ queryKey: lists }, (data) => mapped(data, all));
  for (const [key, cached] of client.getQueriesData<Product>({ queryKey: keys.products })) {
    if (key.length === 2 && cached?.id) client.setQueryData<Product>(key, change(cached) ?? cached);
  }
}

export function patchPhotos(client: QueryClient, change: (photo: Photo) => Photo | null): void {
  client.setQueriesData<Pages<Photo>>({ queryKey: photoLists }, (data) => mapped(data, (items) => items.flatMap((one) => change(one) ?? [])));
}

/** Products by id, of those that a list has loaded. */
export function cachedProducts(client: QueryClient, ids: Iterable<string>): Product[] {
  const byId = new Map<string, Product>();
  for (const [, data] of client.getQueriesData<Pages<Product>>({ queryKey: lists })) {
    for (const page of data?.pages ?? []) for (const one of page.items) byId.set(one.id, one);
  }
  return [...ids].flatMap((id) => byId.get(id) ?? []);
}

/** Lists are loaded again when they are next opened; those in view stay as they are patched. */
export function refreshLater(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: keys.collections });
  for (const queryKey of [productTotals, photoTotals]) void client.invalidateQueries({ queryKey });
  void client.invalidateQueries({ queryKey: lists, refetchType: "none" });
}

/** All of the library is loaded again. */
export function refreshNow(client: QueryClient): void {
  for (const queryKey of [keys.collections, lists, photoLists, productTotals, photoTotals]) void client.invalidateQueries({ queryKey });
}
