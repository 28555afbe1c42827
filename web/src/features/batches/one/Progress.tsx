/** The batch's progress: one figure, one bar, what happens right now, and the results so far. */
import { Button } from "@mantine/core";
import { IconPlayerPlay, IconRotateClockwise } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Batch, BatchStatus, Job } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { common } from "~/shared/copy/common";
import { stages as stageNames } from "~/shared/copy/statuses";
import { sentence } from "~/shared/errors";
import { notifyError } from "~/shared/notify";
import { Bar } from "~/shared/ui/marks";
import { countsOf, partsOf } from "../parts";
import { useBatchActions } from "../useBatchActions";
import css from "./side.module.css";

const copy = batches.one;
const STAGES = ["segment", "upscale", "generate", "export"];

export function Progress({ batch, status, job, filled }: { batch: Batch; status?: BatchStatus; job?: Job; filled: boolean }) {
  const actions = useBatchActions(batch);
  const { state, counts, total, done } = batch;
  const left = counts.processing ?? 0;
  const parts = partsOf(counts);
  const preparing = state === "created" || state === "validating";
  const { title, words } = headline(batch, job, filled);
  return (
    <section className={css.block} aria-label={copy.progress}>
      {preparing || (state === "failed" && total === 0) || total === 0 ? (
        <h2 className={css.big}>{title}</h2>
      ) : (
        <>
          <p className={`${css.figure} num`}><strong>{done.toLocaleString()}</strong><span> {copy.finished(done, total).split(" ").slice(1).join(" ")}</span></p>
          <Bar parts={parts} total={total} label={copy.progress} height={10} />
        </>
      )}
      {words && <p className="soft">{words}</p>}
      {state === "processing" && (
        <p className={status?.seconds_left ? undefined : "soft"}>
          {status?.waits_until ? copy.waits(status.waits_until)
            : status?.seconds_left && left > 0 ? copy.left(common.timeLeft(status.seconds_left.low, status.seconds_left.high)) : copy.leftSoon}
        </p>
      )}
      {preparing && filled && batch.hold && (
        <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={actions.start.isPending} onClick={() => actions.start.mutate()}>{copy.start(total)}</Button>
      )}
      {state === "paused" && (
        <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={actions.resume.isPending} onClick={() => actions.resume.mutate()}>{batches.actions.resume}</Button>
      )}
      {state === "failed" && job?.status === "failed" && (job.error?.status ?? 500) >= 500 && <RetryJob job={job} batch={batch.id} />}
      {state === "processing" && status && <Stages stages={status.stages} />}
      {total > 0 && !preparing && (
        <ul className={css.legend} aria-label={copy.counts}>
          {countsOf(counts).filter((part) => part.value > 0).map((part) => (
            <li key={part.words}><span className={css.dot} data-tone={part.tone} aria-hidden />{sentence(part.words)}<span className="num">{part.value.toLocaleString()}</span></li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A message of the service as a sentence; one that begins with a file's name is left as it is. */
const plain = (words: string): string => (/^\S+\.\w+: /.test(words) ? words : sentence(words));

function headline(batch: Batch, job: Job | undefined, filled: boolean): { title: string; words: string } {
  const { state, counts, total } = batch;
  const ready = counts.review ?? 0;
  switch (state) {
    case "created": return { title: copy.created, words: copy.createdWords };
    case "validating":
      return filled && batch.hold
        ? { title: copy.held, words: copy.heldWords(total, batch.flags.length > 0) }
        : { title: copy.validating, words: copy.validatingWords(job?.done ?? 0, job?.total ?? 0) };
    case "paused": return { title: copy.paused, words: copy.pausedWords(counts.processing ?? 0) };
    case "cancelled": return { title: copy.cancelled, words: batch.done > 0 ? copy.cancelledWords : copy.cancelledNone };
    case "failed": return { title: copy.failed, words: plain(batch.error) };
    case "approved": return { title: copy.approved, words: copy.approvedWords(counts.approved ?? 0) };
    case "exported": return { title: copy.exported, words: batch.exported_at ? copy.exportedWords(batch.exported_at) : "" };
    case "review": return { title: copy.done, words: (counts.failed ?? 0) > 0 ? copy.doneSome : copy.done };
    default: return { title: "", words: ready > 0 ? copy.readyWords : "" };
  }
}

function Stages({ stages }: { stages: Record<string, number> }) {
  const shown = STAGES.filter((stage) => stage !== "upscale" || (stages.upscale ?? 0) > 0);
  const most = Math.max(1, ...shown.map((stage) => stages[stage] ?? 0));
  return (
    <ol className={css.stages} aria-label={copy.stages}>
      {shown.map((stage) => {
        const count = stages[stage] ?? 0;
        return (
          <li key={stage} data-none={count === 0 || undefined}>
            <span>{stageNames[stage]}</span>
            <span className={css.thread} aria-hidden><span style={{ width: `${(100 * count) / most}%` }} /></span>
            <span className="num">{count.toLocaleString()}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** For a batch whose job failed for a reason that may be gone by now. */
function RetryJob({ job, batch }: { job: Job; batch: string }) {
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/failures/retry", { body: { jobs: [job.id], items: [] } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.batch(batch) });
      void client.invalidateQueries({ queryKey: keys.jobs });
    },
    onError: notifyError,
  });
  return <Button variant="default" leftSection={<IconRotateClockwise size={16} aria-hidden />} loading={retry.isPending} onClick={() => retry.mutate()}>{copy.failedRetry}</Button>;
}
