import { upload as send, api, got } from "~/api/client";
import type { BatchStarted } from "~/api/types";
import { asked, type Draft } from "./draft";

/** Make the batch. `key`: sent twice it is made once. `ids`: all photos that are known, for when some are left out. */
export async function create(draft: Draft, name: string, ids: string[], key: string): Promise<BatchStarted> {
  const left = draft.without.size > 0 ? ids.filter((id) => !draft.without.has(id)) : null;
  const wish = asked(draft, name, left);
  if (draft.kind === "upload" && draft.upload && "file" in draft.upload) {
    const { source: _, ...rest } = wish;
    const form = new FormData();
    form.append("file", draft.upload.file, draft.upload.name);
    form.append("batch", JSON.stringify(rest));
    return (await send<BatchStarted>("/api/v1/batches", form, { key })).data;
  }
  return got(api.POST("/api/v1/batches", { body: wish, headers: { "Idempotency-Key": key } }));
}
