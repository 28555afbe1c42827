/**
 * Previews of photos in a style, rendered one at a time: dragging a slider, or scrolling through covers, must not fill the
 * service with work that nobody looks at. A cancelled preview is dropped before it starts; covers wait for what a person
 * works on, and covers of rendered sets, which take seconds, wait for other covers.
 */
import { queryOptions } from "@tanstack/react-query";
import { api, ApiError, unwrap } from "~/api/client";
import type { Finding, Job, Photo } from "~/api/types";
import { follow } from "~/shared/jobs";
import { turnOf } from "~/shared/turns";
import { isRendered } from "./sets";

export type Value = string | number | boolean | null;
export type Chosen = Record<string, Value>;
/** `src`: the picture as a data URL. */
export type Preview = { src: string; findings: readonly Finding[] };
export const SIDE = 512;
const STORED_MS = 60 * 60_000;

const waiting: { rank: number; start: () => Promise<void> }[] = [];
let busy = false;
function inTurn<T>(work: () => Promise<T>, signal: AbortSignal, rank: number): Promise<T> {
  return new Promise((done, failed) => {
    const start = () => Promise.resolve().then(() => (signal.throwIfAborted(), work())).then(done, failed);
    waiting.push({ rank, start });
    void next();
  });
}
async function next(): Promise<void> {
  if (busy) return;
  busy = true;
  while (waiting.length > 0) {
    const first = Math.min(...waiting.map((one) => one.rank));
    await waiting.splice(waiting.findIndex((one) => one.rank === first), 1)[0]?.start();
  }
  busy = false;
}

/** One photo in a style: a template with options set. `cover`: it can wait. */
export const preview = (base: string, chosen: Chosen, photo: Pick<Photo, "id" | "matte_version"> | undefined, cover = false) => {
  const queryKey = ["previews", base, sorted(chosen), photo?.id ?? "", photo?.matte_version ?? 0];
  const turn = turnOf(queryKey);
  return queryOptions({
    queryKey,
    queryFn: ({ signal }) => (turn({ status: "queued" }), inTurn(() => (turn({ status: "running" }), render(base, chosen, photo!.id, turn)), signal, cover ? 1 + Number(isRendered(base)) : 0).finally(() => turn({ status: "done" }))),
    enabled: photo !== undefined,
    staleTime: Infinity,
    gcTime: STORED_MS,
    retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
  });
};

async function render(base: string, options: Chosen, photo: string, progress: (job: Job) => void): Promise<Preview> {
  const headers = { prefer: "wait=1" }; // later it is told whether it waits or is at work
  // A preview is a JPEG; what is see-through must stay so.
  const started =
    base === "transparent"
      ? api.POST("/api/v1/images/{image_id}/generate", {
          params: { path: { image_id: photo }, header: headers }, body: { style: base, options, size: [SIDE, SIDE], format: "png" },
        })
      : api.POST("/api/v1/previews", { params: { header: headers }, body: { style: base, options, images: [photo] } });
  const job = await follow(await unwrap(started), { progress });
  const result = job.result as Partial<Result> & { pictures?: Partial<Result>[] };
  const { url = "", findings = [] } = result.pictures?.[0] ?? result;
  return { src: await asData(url), findings };
}

type Result = { url: string; findings: Preview["findings"] };
export const hasFinding = (findings: Preview["findings"] | undefined, check: string): boolean => findings?.some((one) => one.check === check) ?? false;

/** Findings about a photo in a rendered set, which another style would not have. */
export const ofSet = (findings: Preview["findings"]): Preview["findings"] => findings.filter((one) => one.check === "fit" || one.check === "renderer");

/** Links are valid for an hour, and a page may be open for longer: so the picture itself (about 30 kB). */
async function asData(url: string): Promise<string> {
  const answer = await fetch(new URL(url, location.href).pathname);
  if (!answer.ok) throw new ApiError({ status: answer.status });
  const picture = await answer.blob();
  return new Promise((read, failed) => {
    const reader = new FileReader();
    reader.onload = () => read(String(reader.result));
    reader.onerror = () => failed(reader.error ?? new Error("unread"));
    reader.readAsDataURL(picture);
  });
}

const sorted = (chosen: Chosen): [string, Value][] => Object.entries(chosen).sort(([a], [b]) => (a < b ? -1 : 1));
