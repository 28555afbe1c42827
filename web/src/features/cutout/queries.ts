/** The editor's requests: a photo's current cut-out, an answer to clicks, saving, and going back to an earlier version. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, ApiError, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Finding, ItemStatus } from "~/api/types";
import { cancelJob, follow } from "~/shared/jobs";
import { turnOf } from "~/shared/turns";
import { toRequest, type Hints } from "./hints";
import type { Size } from "./view";

/** A matte as a picture, and its findings. */
export type Matte = { picture: Blob; findings: readonly Finding[] };
/** A photo with its current cut-out; `version` 0: it has none yet. */
export type OpenedPhoto = { size: Size; source: string; thumb: string; version: number; etag: string; matte: Matte | null };

const SETTLE_MS = 300; // three hints placed in a row are one request
const ANSWERS_MS = 5 * 60_000;
const NOT_SHOWN = new Set(["image/tiff", "image/heic", "image/heif", "image/raw"]); // browsers do not show these: the thumbnail stands in

export const opened = (photo: string) =>
  queryOptions({
    queryKey: ["cutout", photo] as const,
    queryFn: async ({ signal }): Promise<OpenedPhoto> => {
      const { layers, mattes } = await unwrap(api.GET("/api/v1/images/{image_id}/layers", { params: { path: { image_id: photo } }, signal }));
      const [whole, thumb] = [layers.find((one) => one.kind === "photo"), layers.find((one) => one.kind === "thumb")];
      const now = mattes.find((one) => one.current);
      return {
        size: { width: whole?.width ?? 1, height: whole?.height ?? 1 }, source: whole && !NOT_SHOWN.has(whole.media_type) ? whole.url : "", thumb: thumb?.url ?? "",
        version: now?.version ?? 0, etag: now ? `"${now.sha256}"` : "",
        matte: now ? { picture: await picture(`/api/v1/images/${photo}/matte?v=${now.version}`, signal), findings: now.findings } : null,
      };
    },
    staleTime: Infinity, // not changed while somebody works on it: saving finds out
    gcTime: 0,
  });

/** A preview of the current cut-out with hints; nothing is saved. The job is cancelled where the query is. */
export const hinted = (photo: string, etag: string, hints: Hints) => {
  const queryKey = ["hinted", photo, etag, toRequest(hints)] as const;
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<Matte> => {
      await pause(SETTLE_MS, signal);
      const job = await post(photo, etag, hints);
      try {
        const { result } = await follow(job, { signal, progress: turnOf(turnOfHints(photo)) });
        const preview = result as { matte: { url: string }; findings: Matte["findings"] };
        return { picture: await picture(preview.matte.url, signal), findings: preview.findings };
      } catch (error) {
        if (signal.aborted) void cancelJob(job.id).catch(() => undefined);
        throw error;
      }
    },
    staleTime: Infinity,
    gcTime: ANSWERS_MS,
    networkMode: "always",
    retry: (count, error) => count < 1 && error instanceof ApiError && error.status === 0,
  });
};

/** Under which it is told whether a photo's clicks still wait for their turn. */
export const turnOfHints = (photo: string) => ["hinted", photo] as const;

/** Saves a matte as the next version, and says which.  Raises ApiError, 412 where somebody changed the cut-out meanwhile. */
export async function save(photo: string, etag: string, matte: Blob): Promise<number> {
  const params = { path: { image_id: photo }, header: { "If-Match": etag } };
  const { version } = await unwrap(api.PUT("/api/v1/images/{image_id}/matte", { params, headers: { "Content-Type": "image/png" }, body: matte as unknown as string, bodySerializer: (body) => body }));
  return version;
}

/** All cut-outs that a photo has had, the newest first. */
export const versions = (photo: string) =>
  queryOptions({
    queryKey: ["cutout", photo, "versions"] as const,
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/images/{image_id}/mattes", { params: { path: { image_id: photo } }, signal })),
    gcTime: 0,
  });

/** Goes back from the version `from` to an earlier one.  Raises ApiError, 412 where there is a newer one by now. */
export async function revert(photo: string, from: number, version: number): Promise<void> {
  const path = { image_id: photo };
  const mattes = await unwrap(api.GET("/api/v1/images/{image_id}/mattes", { params: { path } }));
  const etag = mattes.find((one) => one.version === from)?.sha256 ?? "";
  await unwrap(api.POST("/api/v1/images/{image_id}/matte/revert", { params: { path, header: { "If-Match": `"${etag}"` } }, body: { version } }));
}

export const cut = (photo: string) =>
  unwrap(api.POST("/api/v1/images/{image_id}/segment", { params: { path: { image_id: photo } }, body: { refined: false } })).then((job) => follow(job));

const MOST_ITEMS = 200;

/** How many pictures of a photo the service makes again by itself, and how many it leaves because they are approved. */
export const itemCounts = (photo: string) =>
  queryOptions({
    queryKey: ["cutout", photo, "items"] as const,
    queryFn: async () => {
      const { items } = await unwrap(api.GET("/api/v1/items", { params: { query: { image_id: photo, limit: MOST_ITEMS } } }));
      const count = (...of: ItemStatus[]): number => items.filter((one) => of.includes(one.status)).length;
      return { open: count("review", "rejected", "skipped", "failed"), approved: count("approved") };
    },
    gcTime: 0,
  });

/** After a change of the cut-out: reloads what shows it. Items are updated by the live messages. */
export function refresh(client: QueryClient, photo: string): void {
  for (const queryKey of [keys.products, keys.photos, ["results"]]) void client.invalidateQueries({ queryKey });
  client.removeQueries({ queryKey: ["previews"], predicate: ({ queryKey }) => queryKey[3] === photo });
}

// --- parts ---

const post = (photo: string, etag: string, hints: Hints) =>
  unwrap(api.POST("/api/v1/images/{image_id}/matte/hints", {
    params: { path: { image_id: photo }, header: { "If-Match": etag } }, body: { ...toRequest(hints), save: false },
  }));

async function picture(url: string, signal: AbortSignal): Promise<Blob> {
  const { pathname, search } = new URL(url, location.href); // from this origin, whatever address the service names
  const answer = await fetch(pathname + search, { signal }).catch((error: unknown) => {
    throw error instanceof TypeError ? new ApiError({ status: 0, code: "unreached" }) : error;
  });
  if (!answer.ok) throw new ApiError({ status: answer.status });
  return answer.blob();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const soon = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(soon), failed(new DOMException("stopped", "AbortError"))), { once: true });
  });
}
