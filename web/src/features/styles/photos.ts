/** Photos to show styles on: those that are cut out already come first, as they need no work. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo } from "~/api/types";

export const MOST_SHOWN = 3; // as many as a preview takes

export const photosPage = (q: string, cutOut?: boolean) =>
  infiniteQueryOptions({
    queryKey: [...keys.photos, "styles", q, cutOut ?? "all"],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/images", { params: { query: { cursor: pageParam, limit: 60, q: q || undefined, cut_out: cutOut } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 30_000,
  });

/** One photo of each product first: three views of one bottle say little about a style. */
export function different(photos: readonly Photo[]): Photo[] {
  const owners = new Set<string>();
  const [first, rest]: [Photo[], Photo[]] = [[], []];
  for (const photo of photos) {
    const owner = photo.product_id ?? photo.id;
    (owners.has(owner) ? rest : first).push(photo);
    owners.add(owner);
  }
  return [...first, ...rest];
}

/** A few recent photos for covers: cut out where there are such, else any. */
export const recentPhotos = () =>
  queryOptions({
    queryKey: [...keys.photos, "recent"],
    queryFn: async () => {
      const cut = await unwrap(api.GET("/api/v1/images", { params: { query: { cut_out: true, limit: 24 } } }));
      if (cut.items.length > 0) return different(cut.items);
      return different((await unwrap(api.GET("/api/v1/images", { params: { query: { limit: 12 } } }))).items);
    },
    staleTime: 60_000,
  });

export const onePhoto = (id: string) =>
  queryOptions({
    queryKey: [...keys.photos, "one", id],
    queryFn: () => unwrap(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } } })),
    staleTime: 5 * 60_000,
  });
