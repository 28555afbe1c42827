/** Jobs of the service: looked up, cancelled, and followed to their end. */
import { queryOptions } from "@tanstack/react-query";
import { api, ApiError, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Job } from "~/api/types";
import { live } from "./live";

const EVERY_MS = 2_000; // where no live message comes

export const fetchJob = (id: string, signal?: AbortSignal): Promise<Job> =>
  unwrap(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal }));

export const jobQuery = (id: string) => queryOptions({ queryKey: [...keys.jobs, id], queryFn: () => fetchJob(id) });

export const cancelJob = (id: string): Promise<unknown> => unwrap(api.DELETE("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } } }));

export const isOpen = ({ status }: Pick<Job, "status">): boolean => status === "queued" || status === "running";

/** The job once it is done. `progress`: called with each state on the way.  Raises ApiError where it failed or was cancelled. */
export async function follow(first: Job, options: { signal?: AbortSignal; progress?: (job: Job) => void } = {}): Promise<Job> {
  let job = first;
  for (;;) {
    options.progress?.(job);
    if (!isOpen(job)) break;
    options.signal?.throwIfAborted();
    await nextMessage(job.id, options.signal);
    job = await fetchJob(job.id, options.signal);
  }
  if (job.status === "done") return job;
  throw new ApiError({ status: 422, code: job.status, ...job.error });
}

/** Resolves with the next live message about the job, or after EVERY_MS without one. */
function nextMessage(id: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => () => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener("abort", abort);
      act();
    };
    const timer = setTimeout(() => end(resolve)(), EVERY_MS);
    const stop = live.listen((message) => message.job === id && end(resolve)());
    const abort = end(() => reject(new DOMException("stopped", "AbortError")));
    signal?.addEventListener("abort", abort);
  });
}
