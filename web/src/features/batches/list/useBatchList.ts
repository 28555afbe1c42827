/** Batches, the newest first, page by page; what happens on the server is patched in. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "~/api/client";
import type { Batch } from "~/api/types";
import { live } from "~/shared/live";
import { LIST, patchList } from "../cache";

export type State = Batch["state"];

export function useBatchList(state: State | null) {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reloadSoon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void client.invalidateQueries({ queryKey: LIST });
      }, 800);
    };
    const stop = live.listen((message) => {
      if (!message.batch || !message.state) return;
      const { counts = {}, done = 0, total = 0 } = message;
      const isListed = patchList(client, message.batch, { state: message.state as State, counts, done, total });
      // A batch that is new, or that moved from one filter to another.
      if (!isListed || state !== null) reloadSoon();
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client, state]);

  return useInfiniteQuery({
    queryKey: [...LIST, state ?? "all"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/v1/batches", { params: { query: { limit: 40, cursor: pageParam, state: state ?? undefined } } })),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
