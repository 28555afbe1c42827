/** The pictures of a batch, page by page. Of what changes on the server only the pages that hold it are fetched anew. */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api, got, type Schemas } from "~/api/client";
import { live } from "~/shared/live";
import type { Item } from "../cache";

export const SHOWS = ["all", "finished", "look", "working", "failed"] as const;
export type Show = (typeof SHOWS)[number];
type ItemPage = Schemas["Page_ItemView_"];
type Pages = InfiniteData<ItemPage, string | null>;

const PAGE = 100;
const EVERY_MS = 900;
const ASKED: Record<Show, { status?: Item["status"][]; needs_look?: boolean }> = {
  all: {}, finished: { status: ["review", "approved", "rejected", "skipped"] }, look: { needs_look: true, status: ["review"] },
  working: { status: ["processing"] }, failed: { status: ["failed"] },
};

function page(batch: string, show: Show, cursor: string | null): Promise<ItemPage> {
  return got(
    api.GET("/api/v1/batches/{batch_id}/items", { params: { path: { batch_id: batch }, query: { limit: PAGE, cursor: cursor ?? undefined, ...ASKED[show] } } }),
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
    let soon: ReturnType<typeof setTimeout> | undefined;

    const later = () => {
      if (!ended) soon ??= setTimeout(() => void afresh(), show === "all" ? EVERY_MS : 2 * EVERY_MS);
    };
    const afresh = async () => {
      soon = undefined;
      const known = client.getQueryData<Pages>(key);
      if (busy || !known) return later();
      busy = true;
      const hit = known.pages.flatMap((one, at) => (one.items.some((item) => changed.has(item.id)) ? [at] : []));
      const whole = all || show !== "all";
      changed.clear();
      all = false;
      try {
        if (whole) await client.invalidateQueries({ queryKey: key });
        else {
          for (const at of hit) {
            const fresh = await page(batch, show, known.pageParams[at] ?? null);
            client.setQueryData<Pages>(key, (old) => old && { ...old, pages: old.pages.map((one, place) => (place === at ? fresh : one)) });
          }
        }
      } catch {
        all = true; // the next message tries again
      } finally {
        busy = false;
        if (changed.size > 0) later();
      }
    };
    const stop = live.listen((message) => {
      if (message.batch !== batch) return;
      if (message.items === null) all = true;
      for (const item of message.items ?? []) changed.add(item.id);
      const known = client.getQueryData<Pages>(key);
      const loaded = known?.pages.reduce((sum, one) => sum + one.items.length, 0) ?? 0;
      // Its items are still being listed, and there is room on what is shown.
      if (known && !known.pages.at(-1)?.next_cursor && loaded < (message.total ?? 0)) all = true;
      if (all || changed.size > 0) later();
    });
    return () => {
      ended = true;
      stop();
      clearTimeout(soon);
    };
  }, [batch, client, key, show]);

  return useInfiniteQuery({
    queryKey: key,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => page(batch, show, pageParam),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
