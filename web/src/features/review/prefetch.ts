/** An item with its files; the next ones are loaded and decoded in advance. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Item, ItemDetail, Rendition } from "~/api/types";
import type { ReviewStore } from "./store";

export const itemQuery = (id: string) => ({
  queryKey: keys.item(id),
  queryFn: () => unwrap(api.GET("/api/v1/items/{item_id}", { params: { path: { item_id: id } } })),
  staleTime: 60_000,
});

/** The finished files of the newest version, those for shops before the master. */
export function newestFiles(item: ItemDetail | undefined): readonly Rendition[] {
  const files = item?.versions.find((one) => one.version === item.version)?.renditions ?? [];
  return [...files].sort((a, b) => Number(a.channel === "master") - Number(b.channel === "master"));
}

const decoded: HTMLImageElement[] = []; // at most 16 pictures
export const isDecoded = (src: string): boolean => decoded.some((one) => one.complete && one.src.endsWith(src));

/** Loads and decodes the next three pictures while this one is reviewed. */
export function usePrefetch(store: ReviewStore, id: string): void {
  const client = useQueryClient();
  useEffect(() => {
    const soon = setTimeout(async () => {
      const at = store.view.indexOf(id);
      for (const next of store.view.slice(at + 1).filter((one) => isOpen(store.items.get(one))).slice(0, 3)) {
        const item = await client.ensureQueryData(itemQuery(next)).catch(() => undefined);
        const url = newestFiles(item)[0]?.url;
        if (!url || decoded.some((one) => one.src.endsWith(url))) continue;
        const picture = new Image();
        picture.src = url;
        decoded.push(picture);
        if (decoded.length > 16) decoded.shift();
        await picture.decode().catch(() => undefined);
      }
    }, 120);
    return () => clearTimeout(soon);
  }, [client, store, id]);
}

const isOpen = (item: Item | undefined): boolean => item?.status === "review" || item?.status === "skipped";
