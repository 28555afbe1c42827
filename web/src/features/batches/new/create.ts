import { upload as send, api, unwrap } from "~/api/client";
import type { BatchStarted } from "~/api/types";
import { toRequest, type Draft } from "./draft";

/** Creates the batch. `key`: sent twice, it is created once. `ids`: all chosen photos, needed where some are left out. */
export async function create(draft: Draft, name: string, ids: string[], key: string): Promise<BatchStarted> {
  const images = draft.without.size > 0 ? ids.filter((id) => !draft.without.has(id)) : null;
  const request = toRequest(draft, name, images);
  if (draft.kind === "upload" && draft.upload && "file" in draft.upload) {
    const { source: _, ...rest } = request;
    const form = new FormData();
    form.append("file", draft.upload.file, draft.upload.name);
    form.append("batch", JSON.stringify(rest));
    return (await send<BatchStarted>("/api/v1/batches", form, { key })).data;
  }
  return unwrap(api.POST("/api/v1/batches", { body: request, headers: { "Idempotency-Key": key } }));
}
