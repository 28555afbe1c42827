/** The files of a delivery with their status; those that did not arrive say why. */
import { IconAlertTriangle, IconCheck, IconClock } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { channels } from "~/api/queries";
import type { Export } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { sentence } from "~/shared/errors";
import { isOpen } from "~/shared/jobs";
import { Picture } from "~/shared/ui/Picture";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { exportFiles, pictureOf as pictureOf } from "./queries";
import { useItems } from "./useItems";
import css from "./deliver.module.css";

const ROW = 56;
const signs = { delivered: IconCheck, failed: IconAlertTriangle, waiting: IconClock };

export function Files({ one }: { one: Export }) {
  const query = useInfiniteQuery(exportFiles(one.id));
  const items = useItems(one.batch);
  const names = useQuery(channels()).data;
  // Files that did not arrive come first, so all pages are loaded.
  const failedFirst = one.failed > 0 && !isOpen(one);
  const files = useMemo(() => {
    const all = query.data?.pages.flatMap((page) => page.files) ?? [];
    return failedFirst ? [...all].sort((a, b) => Number(b.status === "failed") - Number(a.status === "failed")) : all;
  }, [query.data, failedFirst]);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: files.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 10 });
  const shown = rows.getVirtualItems();
  const end = shown.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && (failedFirst || end >= files.length - 40)) void fetchNextPage();
  }, [end, failedFirst, files.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <section className={css.list} aria-label={copy.list.label}>
      <div ref={box} className={css.scroll} tabIndex={0} role="group" aria-label={copy.list.label}>
        {query.isPending && <RowsWaiting count={8} height={46} />}
        {query.isError && !query.data && <Failed error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && files.length === 0 && isOpen(one) && <p className={`soft ${css.more}`}>{copy.one.noFiles}</p>}
        <ul className={css.files} style={{ height: rows.getTotalSize() }}>
          {shown.map((row) => {
            const file = files[row.index];
            if (!file) return null;
            const Sign = signs[file.status as keyof typeof signs] ?? IconClock;
            const stuck = file.status === "waiting" && !isOpen(one);
            return (
              <li key={row.key} className={css.file} data-state={file.status} style={{ height: ROW, transform: `translateY(${row.start}px)` }} aria-setsize={one.total} aria-posinset={row.index + 1}>
                <span className={css.thumb}><Picture src={pictureOf(items.get(file.item))} alt="" fit="contain" /></span>
                <span className={css.fileWords}>
                  <span className="ellipsis" title={file.name}>{file.name.slice(file.name.indexOf("/") + 1)}</span>
                  {file.error && <span className={`small ellipsis ${css.why}`} title={sentence(file.error)}>{sentence(file.error)}</span>}
                </span>
                <span className="soft small ellipsis">{names?.find((it) => it.id === file.channel)?.channel.name ?? file.channel}</span>
                <span className="soft small num">{common.bytes(file.bytes)}</span>
                <span className={css.state} data-state={file.status}><Sign size={15} stroke={2.2} aria-hidden />{stuck ? copy.one.notSent : (copy.one.stateOf[file.status] ?? file.status)}</span>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
