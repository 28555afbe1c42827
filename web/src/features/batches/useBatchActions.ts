/** The actions on a batch. Each answer goes into the cache; a failure is shown and changes nothing. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Batch } from "~/api/types";
import { announce } from "~/shared/announce";
import { batches as copy } from "~/shared/copy/batches";
import { priorities } from "~/shared/copy/statuses";
import { notify, notifyError } from "~/shared/notify";
import { LIST, put } from "./cache";

export function useBatchActions(batch: { id: string; name: string }) {
  const client = useQueryClient();
  const path = { batch_id: batch.id };
  const onSuccess = (words: string) => (answer: Batch) => {
    put(client, answer);
    void client.invalidateQueries({ queryKey: keys.batchStatus(batch.id) });
    if (words) announce(words);
  };
  return {
    pause: useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/batches/{batch_id}/pause", { params: { path } })), onSuccess: onSuccess(copy.actions.paused), onError: notifyError }),
    resume: useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/batches/{batch_id}/resume", { params: { path } })), onSuccess: onSuccess(copy.actions.resumed), onError: notifyError }),
    duplicates: useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/batches/{batch_id}/duplicates", { params: { path } })), onSuccess: onSuccess(copy.one.leftOut.included), onError: notifyError }),
    start: useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/batches/{batch_id}/start", { params: { path } })), onSuccess: onSuccess(""), onError: notifyError }),
    cancel: useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/batches/{batch_id}/cancel", { params: { path } })), onSuccess: onSuccess(copy.actions.stopped), onError: notifyError }),
    rename: useMutation({
      mutationFn: (name: string) => unwrap(api.PATCH("/api/v1/batches/{batch_id}", { params: { path }, body: { name } })),
      onSuccess: onSuccess(copy.actions.renamed),
      onError: notifyError,
    }),
    prioritise: useMutation({
      mutationFn: (priority: Batch["priority"]) => unwrap(api.PATCH("/api/v1/batches/{batch_id}", { params: { path }, body: { priority } })),
      onSuccess: (answer) => onSuccess(copy.actions.moved(priorities[answer.priority]?.name ?? ""))(answer),
      onError: notifyError,
    }),
    remove: useMutation({
      mutationFn: () => unwrap(api.DELETE("/api/v1/batches/{batch_id}", { params: { path } })),
      onSuccess: () => {
        notify(copy.actions.removed(batch.name));
        void client.invalidateQueries({ queryKey: LIST });
        void client.invalidateQueries({ queryKey: [...keys.batches, "open"] });
      },
      onError: notifyError,
    }),
  };
}
