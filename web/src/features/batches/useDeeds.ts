/** What can be done with a batch. Each answer goes into the cache; what fails is told and changes nothing. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, got } from "~/api/client";
import { keys } from "~/api/queries";
import type { Batch } from "~/api/types";
import { announce } from "~/shared/announce";
import { batches as copy } from "~/shared/copy/batches";
import { priorities } from "~/shared/copy/statuses";
import { say, sayFailed } from "~/shared/notify";
import { LIST, put } from "./cache";

export function useDeeds(batch: { id: string; name: string }) {
  const client = useQueryClient();
  const path = { batch_id: batch.id };
  const landed = (words: string) => (answer: Batch) => {
    put(client, answer);
    void client.invalidateQueries({ queryKey: keys.batchStatus(batch.id) });
    if (words) announce(words);
  };
  return {
    pause: useMutation({ mutationFn: () => got(api.POST("/api/v1/batches/{batch_id}/pause", { params: { path } })), onSuccess: landed(copy.deeds.paused), onError: sayFailed }),
    resume: useMutation({ mutationFn: () => got(api.POST("/api/v1/batches/{batch_id}/resume", { params: { path } })), onSuccess: landed(copy.deeds.resumed), onError: sayFailed }),
    start: useMutation({ mutationFn: () => got(api.POST("/api/v1/batches/{batch_id}/start", { params: { path } })), onSuccess: landed(""), onError: sayFailed }),
    cancel: useMutation({ mutationFn: () => got(api.POST("/api/v1/batches/{batch_id}/cancel", { params: { path } })), onSuccess: landed(copy.deeds.stopped), onError: sayFailed }),
    rename: useMutation({
      mutationFn: (name: string) => got(api.PATCH("/api/v1/batches/{batch_id}", { params: { path }, body: { name } })),
      onSuccess: landed(copy.deeds.renamed),
      onError: sayFailed,
    }),
    prioritise: useMutation({
      mutationFn: (priority: Batch["priority"]) => got(api.PATCH("/api/v1/batches/{batch_id}", { params: { path }, body: { priority } })),
      onSuccess: (answer) => landed(copy.deeds.moved(priorities[answer.priority]?.name ?? ""))(answer),
      onError: sayFailed,
    }),
    remove: useMutation({
      mutationFn: () => got(api.DELETE("/api/v1/batches/{batch_id}", { params: { path } })),
      onSuccess: () => {
        say(copy.deeds.removed(batch.name));
        void client.invalidateQueries({ queryKey: LIST });
        void client.invalidateQueries({ queryKey: [...keys.batches, "open"] });
      },
      onError: sayFailed,
    }),
  };
}
