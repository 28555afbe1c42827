/** What the screens of batches have in the query cache, and how it is patched. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { keys } from "~/api/queries";
import type { Batch, BatchPage, BatchStatus } from "~/api/types";

export type BatchPages = InfiniteData<BatchPage, string | null>;

/** Whether its photos are checked and it waits for somebody to press Start. */
export const isHeld = (batch: Batch): boolean => batch.state === "validating" && batch.hold && batch.total > 0;

export const LIST = [...keys.batches, "list"] as const;

/** Puts a batch as the service returned it into every query that shows it. */
export function put(client: QueryClient, batch: Batch): void {
  const { state, counts, done, total, revision } = batch;
  client.setQueryData(keys.batch(batch.id), batch);
  client.setQueryData<BatchStatus>(keys.batchStatus(batch.id), (old) => old && { ...old, state, counts, done, total, revision });
  patchList(client, batch.id, batch);
}

/** Returns whether the batch is in a list that is loaded. */
export function patchList(client: QueryClient, id: string, part: Partial<Batch>): boolean {
  let isListed = false;
  client.setQueriesData<BatchPages>({ queryKey: LIST }, (old) => {
    if (!old?.pages.some((page) => page.items.some((one) => one.id === id))) return old;
    isListed = true;
    return { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items.map((one) => (one.id === id ? { ...one, ...part } : one)) })) };
  });
  return isListed;
}
