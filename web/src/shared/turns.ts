/** Which jobs of those that somebody waits for still stand in the queue: a screen says so, and not that they are at work. */
import { useSyncExternalStore } from "react";
import type { QueryKey } from "@tanstack/react-query";
import type { Job } from "~/api/types";

const queued = new Set<string>();
const listeners = new Set<() => void>();

/** What `follow` is to call with each state of the job behind this query. */
export const turnOf = (key: QueryKey) => (job: Pick<Job, "status">): void => {
  const name = JSON.stringify(key);
  if (queued.has(name) === (job.status === "queued")) return;
  if (job.status === "queued") queued.add(name);
  else queued.delete(name);
  listeners.forEach((tell) => tell());
};

/** Whether the job behind this query waits for its turn. */
export const useQueued = (key: QueryKey): boolean => useSyncExternalStore(listen, () => queued.has(JSON.stringify(key)));

function listen(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
