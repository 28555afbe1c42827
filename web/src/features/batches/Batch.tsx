/** One batch: its progress on the left, its pictures on the right as they are finished. */
import { Button, Skeleton } from "@mantine/core";
import { IconHandStop, IconPlayerPause } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { ApiError } from "~/api/client";
import { allStyles } from "~/api/queries";
import type { Batch as BatchView } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Pill, Status } from "~/shared/ui/marks";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, TilesWaiting, Waiting } from "~/shared/ui/states";
import { common } from "~/shared/copy/common";
import { BatchMenu } from "./BatchMenu";
import { isHeld } from "./cache";
import { About } from "./one/About";
import { Failures } from "./one/Failures";
import { FlagList } from "./one/FlagList";
import { LeftOutList } from "./one/LeftOutList";
import { Newest } from "./one/Newest";
import { Progress } from "./one/Progress";
import { Sheet } from "./one/Sheet";
import css from "./one/side.module.css";
import { UnmatchedList } from "./one/UnmatchedList";
import { useBatch } from "./one/useBatch";
import { useBatchActions } from "./useBatchActions";

const copy = batches.one;
const LARGE = 24; // more pictures than fit on a screen
const CLOSED = ["review", "approved", "exported", "cancelled"];

export default function Batch() {
  const { batch: id } = useParams({ from: "/inside/batches/$batch" });
  const { batch, status, job, filled, error, reload } = useBatch(id);
  const styles = useQuery(allStyles());
  const styleNames = useMemo(() => new Map(styles.data?.map((style) => [style.id, style.name])), [styles.data]);
  if (!batch) {
    const gone = error instanceof ApiError && error.status === 404;
    return (
      <Page title={batches.title} scroll={false}>
        {gone ? <Empty title={common.error.notFound} words={common.error.notFoundWords}><LinkButton to="/batches" variant="default">{copy.crumb}</LinkButton></Empty>
          : error ? <Failed error={error} retry={reload} /> : <Loading />}
      </Page>
    );
  }
  const progress = <Progress batch={batch} status={status} job={job} filled={filled} />;
  const failures = <Failures batch={batch.id} count={batch.counts.failed ?? 0} cancelled={batch.state === "cancelled"} />;
  return (
    <Page title={batch.name} scroll={false} beside={isHeld(batch) ? <Pill icon={<IconHandStop size={13} stroke={2} aria-hidden />}>{copy.held}</Pill> : <Status of={batch.state} />} actions={<BatchActions batch={batch} />}>
      <div className={css.whole}>
        <div className={css.side} tabIndex={0} role="group" aria-label={copy.progress}>
          {progress}
          {batch.state === "processing" && batch.total > LARGE && <Newest batch={batch.id} />}
          {failures}
          {!CLOSED.includes(batch.state) && <FlagList flags={batch.flags} />}
          <LeftOutList batch={batch} />
          <UnmatchedList lines={batch.unmatched} goesOn={batch.state !== "failed"} />
          <About batch={batch} styleNames={styleNames} />
        </div>
        <Sheet key={batch.id} batch={batch} styleNames={styleNames} />
      </div>
    </Page>
  );
}

function BatchActions({ batch }: { batch: BatchView }) {
  const navigate = useNavigate();
  const actions = useBatchActions(batch);
  const ready = batch.counts.review ?? 0;
  const approved = batch.counts.approved ?? 0;
  const working = batch.counts.processing ?? 0;
  return (
    <div className={css.actions}>
      {batch.state === "processing" && (
        <Button variant="default" leftSection={<IconPlayerPause size={16} aria-hidden />} loading={actions.pause.isPending} onClick={() => actions.pause.mutate()}>
          {batches.actions.pause}
        </Button>
      )}
      <BatchMenu batch={batch} onRemoved={() => void navigate({ to: "/batches" })} />
      {approved > 0 && (ready > 0 || working === 0) && (
        <LinkButton to="/deliver" search={{ batch: batch.id }} variant={ready > 0 ? "default" : "filled"}>{copy.deliver(approved)}</LinkButton>
      )}
      {ready > 0 && <LinkButton to="/review/$batch" params={{ batch: batch.id }}>{copy.review(ready)}</LinkButton>}
    </div>
  );
}

function Loading() {
  return (
    <div className={css.whole}>
      <div className={css.side}>
        <Waiting><div className={css.block}><Skeleton height={44} width="60%" /><Skeleton height={10} /><Skeleton height={120} /></div></Waiting>
      </div>
      <TilesWaiting count={12} size={220} />
    </div>
  );
}
