/** Batches with approved photos, and what has been delivered so far. */
import { Button } from "@mantine/core";
import { IconCloud, IconFileZip, IconFolder } from "@tabler/icons-react";
import { useQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { batch as oneBatch } from "~/api/queries";
import type { Batch, Export } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { Bar, Status } from "~/shared/ui/marks";
import { isOpen } from "~/shared/jobs";
import { Picture } from "~/shared/ui/Picture";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { coverOf } from "./queries";
import css from "./deliver.module.css";

type Pages<T> = InfiniteData<{ items: T[]; next_cursor?: string | null }>;
type PagedQuery<T> = UseInfiniteQueryResult<Pages<T>>;

/** With approved photos that have not all been delivered. */
export const readyOf = (pages: Pages<Batch> | undefined): Batch[] =>
  (pages?.pages.flatMap((page) => page.items) ?? []).filter((one) => (one.counts.approved ?? 0) > 0 && one.state !== "exported");

export function Side({ batches, exports, batch, one }: { batches: PagedQuery<Batch>; exports: PagedQuery<Export>; batch?: string; one?: string }) {
  const all = batches.data?.pages.flatMap((page) => page.items) ?? [];
  const ready = readyOf(batches.data);
  const sent = exports.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <nav className={css.side} aria-label={copy.title}>
      <section>
        <h2>{copy.ready.title}</h2>
        {batches.isPending && <RowsWaiting count={3} height={56} />}
        {batches.isError && !batches.data && <Failed error={batches.error} retry={() => void batches.refetch()} />}
        {batches.isSuccess && ready.length === 0 && <p className={`soft ${css.none}`}>{copy.ready.none}</p>}
        <ul className={css.rows}>
          {ready.map((it) => (
            <li key={it.id}>
              <Link to="/deliver" search={{ batch: it.id }} className={css.row} aria-current={it.id === batch || undefined}>
                <BatchCover batch={it.id} />
                <span className={css.rowWords}>
                  <strong>{it.name}</strong>
                  <span className="soft small num">{copy.ready.approved(it.counts.approved ?? 0)}</span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
        {batches.hasNextPage && <Button variant="subtle" color="gray" size="xs" loading={batches.isFetchingNextPage} onClick={() => void batches.fetchNextPage()}>{copy.ready.older}</Button>}
      </section>
      <section>
        <h2>{copy.history.title}</h2>
        {exports.isPending && <RowsWaiting count={3} height={56} />}
        {exports.isError && !exports.data && <Failed error={exports.error} retry={() => void exports.refetch()} />}
        {exports.isSuccess && sent.length === 0 && <p className={`soft ${css.none}`}>{copy.history.none}</p>}
        <ul className={css.rows}>
          {sent.map((it) => (
            <li key={it.id}>
              <Link to="/deliver" search={{ export: it.id }} className={`${css.row} ${css.sent}`} aria-current={it.id === one || undefined}>
                <KindIcon kind={String(it.to.kind)} />
                <span className={css.rowWords}>
                  <strong><BatchName id={it.batch} batches={all} /></strong>
                  <span className="soft small num">{copy.kindsShort[String(it.to.kind)]}, {common.ago(it.created_at)}{it.delivered > 0 && `, ${copy.history.files(it.delivered)}`}</span>
                  {isOpen(it) && it.total > 0 && <Bar parts={[{ value: it.done, tone: "busy", words: copy.one.tones.delivered }]} total={it.total} label={copy.one.progress(it.done, it.total)} height={4} />}
                </span>
                {it.failed > 0 && it.status === "done" ? <span className={css.bad}>{copy.history.failed(it.failed)}</span> : it.status !== "done" && <Status of={it.status} />}
              </Link>
            </li>
          ))}
        </ul>
        {exports.hasNextPage && <Button variant="subtle" color="gray" size="xs" loading={exports.isFetchingNextPage} onClick={() => void exports.fetchNextPage()}>{copy.history.older}</Button>}
      </section>
    </nav>
  );
}

function BatchCover({ batch }: { batch: string }) {
  const { data } = useQuery(coverOf(batch));
  return <span className={css.face}>{data && <Picture src={data} alt="" fit="cover" />}</span>;
}

export function KindIcon({ kind, size = 20 }: { kind: string; size?: number }) {
  const Icon = kind === "zip" ? IconFileZip : kind === "folder" ? IconFolder : IconCloud;
  return <span className={css.kind}><Icon size={size} stroke={1.5} aria-hidden /></span>;
}

export function BatchName({ id, batches = [] }: { id: string | null; batches?: Batch[] }) {
  const name = batches.find((one) => one.id === id)?.name;
  const query = useQuery({ ...oneBatch(id ?? ""), enabled: id !== null && name === undefined, staleTime: 60_000 });
  return <>{id === null ? copy.history.items : (name ?? query.data?.name ?? (query.isError ? copy.history.gone : "…"))}</>;
}
