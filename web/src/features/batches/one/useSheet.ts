/** The items of a batch, page by page. When one changes on the server, only its page is loaded again. */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api, unwrap } from "~/api/client";
import type { Item, ItemPage } from "~/api/types";
import { live } from "~/shared/live";

export const SHOWS = ["all", "finished", "look", "working", "failed"] as const;
export type Show = (typeof SHOWS)[number];
type Pages = InfiniteData<ItemPage, string | undefined>;

const PAGE = 100;
const EVERY_MS = 900;
const FILTERS: Record<Show, { status?: Item["status"][]; needs_look?: boolean }> = {
  all: {}, finished: { status: ["review", "approved", "rejected", "skipped"] }, look: { needs_look: true, status: ["review"] },
  working: { status: ["processing"] }, failed: { status: ["failed"] },
};

function page(batch: string, show: Show, cursor: string | undefined): Promise<ItemPage> {
  return unwrap(
    api.GET("/api/v1/batches/{batch_id}/items", { params: { path: { batch_id: batch }, query: { limit: PAGE, cursor, ...FILTERS[show] } } }),
  );
}

export function useSheet(batch: string, show: Show) {
  const client = useQueryClient();
  const key = useMemo(() => ["sheet", batch, show], [batch, show]);

  useEffect(() => {
    const changed = new Set<string>();
    let all = false;
    let busy = false;
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const reloadSoon = () => {
      if (!ended) timer ??= setTimeout(() => void reload(), show === "all" ? EVERY_MS : 2 * EVERY_MS);
    };
    const reload = async () => {
      timer = undefined;
      const cached = client.getQueryData<Pages>(key);
      if (busy || !cached) return reloadSoon();
      busy = true;
      const hit = cached.pages.flatMap((one, at) => (one.items.some((item) => changed.has(item.id)) ? [at] : []));
      const whole = all || show !== "all";
      changed.clear();
      all = false;
      try {
        if (whole) await client.invalidateQueries({ queryKey: key });
        else {
          for (const at of hit) {
            const newPage = await page(batch, show, cached.pageParams[at]);
            client.setQueryData<Pages>(key, (old) => old && { ...old, pages: old.pages.map((one, place) => (place === at ? newPage : one)) });
          }
        }
      } catch {
        all = true; // the next message tries again
      } finally {
        busy = false;
        if (changed.size > 0) reloadSoon();
      }
    };
    const stop = live.listen((message) => {
      if (message.batch !== batch) return;
      if (message.items === null) all = true;
      for (const item of message.items ?? []) changed.add(item.id);
      const cached = client.getQueryData<Pages>(key);
      const loaded = cached?.pages.reduce((sum, one) => sum + one.items.length, 0) ?? 0;
      // The batch's items are still being listed, and the last page is not full.
      if (cached && !cached.pages.at(-1)?.next_cursor && loaded < (message.total ?? 0)) all = true;
      if (all || changed.size > 0) reloadSoon();
    });
    return () => {
      ended = true;
      stop();
      clearTimeout(timer);
    };
  }, [batch, client, key, show]);

  return useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => page(batch, show, pageParam),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
