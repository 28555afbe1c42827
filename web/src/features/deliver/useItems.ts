import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { Item } from "~/api/types";
import { itemPages } from "./queries";

export type Items = ReadonlyMap<string, Item>;

/** The items of a batch by id; the map fills page by page. */
export function useItems(batch: string | null): Items {
  const { data, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({ ...itemPages(batch ?? ""), enabled: batch !== null });
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return useMemo(() => new Map(data?.pages.flatMap((page) => page.items.map((one) => [one.id, one] as const)) ?? []), [data]);
}
