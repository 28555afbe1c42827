/** Batches, the newest first, page by page; what happens on the server is patched in. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, got } from "~/api/client";
import { live } from "~/shared/live";
import { LIST, patchList, type Batch } from "../cache";

export type State = Batch["state"];

export function useBatchList(state: State | null) {
  const client = useQueryClient();
  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined;
    const afresh = () => {
      soon ??= setTimeout(() => {
        soon = undefined;
        void client.invalidateQueries({ queryKey: LIST });
      }, 800);
    };
    const stop = live.listen((message) => {
      if (!message.batch || !message.state) return;
      const { counts = {}, done = 0, total = 0 } = message;
      const known = patchList(client, message.batch, { state: message.state as State, counts, done, total });
      // A batch that is new, or that moved from one filter to another.
      if (!known || state !== null) afresh();
    });
    return () => {
      stop();
      clearTimeout(soon);
    };
  }, [client, state]);

  return useInfiniteQuery({
    queryKey: [...LIST, state ?? "all"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/batches", { params: { query: { limit: 40, cursor: pageParam ?? undefined, state: state ?? undefined } } })),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
