/** A batch with its progress, kept current by the live messages; and the job that fills it, until it is filled. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { batch as batchQuery, batchStatus, keys } from "~/api/queries";
import { announce } from "~/shared/announce";
import { batches } from "~/shared/copy/batches";
import { jobQuery } from "~/shared/jobs";
import { live } from "~/shared/live";

const STATUS_MS = 4_000;
const FILLING = ["created", "validating", "paused", "failed"];

export function useBatch(id: string) {
  const client = useQueryClient();
  const query = useQuery(batchQuery(id));
  const status = useQuery(batchStatus(id));
  const cached = query.data;
  const now = status.data;
  const batch = cached && now ? { ...cached, state: now.state, counts: now.counts, done: now.done, total: now.total } : cached;

  // Messages carry counts; the time left and the failures' causes are loaded now and then while messages come.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let at = 0;
    const stop = live.listen((message) => {
      if (message.batch !== id || timer) return;
      timer = setTimeout(() => {
        timer = undefined;
        at = Date.now();
        void client.invalidateQueries({ queryKey: keys.batchStatus(id) });
      }, Math.max(message.done === message.total ? 300 : 1_200, STATUS_MS - (Date.now() - at)));
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client, id]);

  const job = useQuery({ ...jobQuery(cached?.job ?? ""), enabled: Boolean(cached?.job && batch && FILLING.includes(batch.state)) });
  const filled = job.data?.status === "done";
  useEffect(() => {
    if (filled) void client.invalidateQueries({ queryKey: keys.batch(id), exact: true });
  }, [client, filled, id]);

  useAnnounceFinish(batch);
  return { batch, status: now, job: job.data, filled, error: query.error, reload: () => void query.refetch() };
}

/** Announces once that the batch is finished. */
function useAnnounceFinish(batch: { id: string; name: string; state: string; counts: Record<string, number> } | undefined): void {
  const was = useRef<{ id: string; state: string } | null>(null);
  useEffect(() => {
    if (!batch) return;
    const { id, state, counts } = batch;
    if (was.current?.id === id && was.current.state === "processing" && (state === "review" || state === "approved")) {
      announce(batches.one.finishedAnnouncement(batch.name, counts.review ?? 0, counts.failed ?? 0));
    }
    was.current = { id, state };
  }, [batch]);
}
