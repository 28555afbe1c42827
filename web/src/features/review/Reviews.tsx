/** Batches with pictures to review. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconChecks } from "@tabler/icons-react";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Batch } from "~/api/types";
import { Covers } from "~/features/batches/list/Covers";
import { partsOf } from "~/features/batches/parts";
import { common } from "~/shared/copy/common";
import { review as copy } from "~/shared/copy/review";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Bar, Status } from "~/shared/ui/marks";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, RowsWaiting } from "~/shared/ui/states";
import css from "./review.module.css";

export default function Reviews() {
  const pages = useInfiniteQuery({
    queryKey: [...keys.batches, "review"],
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/v1/batches", { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  const batches = pages.data?.pages.flatMap((page) => page.items).filter((one) => one.total > 0 && one.state !== "cancelled") ?? [];
  const waiting = batches.filter((one) => (one.counts.review ?? 0) + (one.counts.skipped ?? 0) > 0);
  const decided = batches.filter((one) => !waiting.includes(one) && (one.counts.approved ?? 0) + (one.counts.rejected ?? 0) > 0);
  return (
    <Page title={copy.title}>
      {pages.isPending ? <RowsWaiting />
        : pages.isError ? <Failed error={pages.error} retry={() => void pages.refetch()} />
        : waiting.length + decided.length === 0 ? (
          <Empty icon={<IconChecks size={30} />} title={copy.list.empty} words={copy.list.emptyWords}><LinkButton to="/batches/new">{copy.list.emptyAction}</LinkButton></Empty>
        ) : (
          <div className={css.list}>
            {[...waiting, ...decided].map((batch, at) => <Row key={batch.id} batch={batch} first={at === 0} />)}
          </div>
        )}
    </Page>
  );
}

function Row({ batch, first }: { batch: Batch; first: boolean }) {
  const left = batch.counts.review ?? 0;
  return (
    <article className={css.row}>
      <div className={css.shots}><Covers batch={batch.id} done={batch.done} total={batch.total} /></div>
      <div style={{ minWidth: 0 }}>
        <h2 className="ellipsis">{batch.name}</h2>
        <p className="soft small">{left > 0 ? copy.list.left(left) : copy.list.done} · {common.ago(batch.updated_at)}</p>
      </div>
      <span><Status of={batch.state} /></span>
      <Bar parts={partsOf(batch.counts)} total={batch.total} label={batch.name} />
      <LinkButton to="/review/$batch" params={{ batch: batch.id }} variant={first && left > 0 ? "filled" : "default"}>{left > 0 ? copy.list.open : copy.list.again}</LinkButton>
    </article>
  );
}
