/** All batches, the newest first. */
import { Button } from "@mantine/core";
import { IconPlus, IconStack2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { allStyles } from "~/api/queries";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { statuses } from "~/shared/copy/statuses";
import { Empty, Failed, RowsWaiting } from "~/shared/ui/states";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { BatchRow } from "./list/BatchRow";
import { Chips } from "./list/Chips";
import css from "./list/list.module.css";
import { useBatchList, type State } from "./list/useBatchList";

const copy = batches.list;
const FILTERS = (["all", "review", "processing", "validating", "approved", "exported", "paused", "cancelled", "failed"] as const).map((value) => ({
  value, words: value === "all" ? copy.all : value === "validating" ? copy.waiting : (statuses[value] ?? value),
}));
type Filter = (typeof FILTERS)[number]["value"];
let last: Filter = "all"; // as it was when this screen was left

export default function Batches() {
  const [filter, set] = useState<Filter>(last);
  const state: State | null = filter === "all" ? null : filter;
  const list = useBatchList(state);
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const pick = (next: Filter) => {
    last = next;
    set(next);
  };
  return (
    <Page title={batches.title} scroll={false} actions={<LinkButton to="/batches/new" leftSection={<IconPlus size={16} aria-hidden />}>{batches.make}</LinkButton>}>
      <div className={css.whole}>
        <div className={css.filters}><Chips label={copy.filter} options={FILTERS} value={filter} pick={pick} /></div>
        {list.isPending ? (
          <RowsWaiting count={7} height={92} />
        ) : list.isError && !list.data ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : items.length === 0 ? (
          <NoBatches all={filter === "all"} clear={() => pick("all")} />
        ) : (
          <Rows key={filter} items={items} more={list.hasNextPage && !list.isFetchingNextPage} load={() => void list.fetchNextPage()} />
        )}
      </div>
    </Page>
  );
}

function NoBatches({ all, clear }: { all: boolean; clear: () => void }) {
  const icon = <IconStack2 size={30} stroke={1.5} />;
  if (all) return <Empty icon={icon} title={copy.none} words={copy.noneWords}><LinkButton to="/batches/new">{batches.make}</LinkButton></Empty>;
  return <Empty icon={icon} title={copy.noneOf} words={copy.noneOfWords}><Button variant="default" onClick={clear}>{copy.showAll}</Button></Empty>;
}

function Rows({ items, more, load }: { items: Batch[]; more: boolean; load: () => void }) {
  const scroll = useRef<HTMLDivElement>(null);
  const styles = useQuery(allStyles());
  const styleNames = useMemo(() => new Map(styles.data?.map((style) => [style.id, style.name])), [styles.data]);
  const rows = useVirtualizer({
    count: items.length, getScrollElement: () => scroll.current, estimateSize: () => 102, overscan: 6, getItemKey: (at) => items[at]?.id ?? at,
  });
  const shown = rows.getVirtualItems();
  const end = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && end >= items.length - 8) load();
  }, [end, items.length, load, more]);
  return (
    <div className={css.scroll} ref={scroll}>
      <div className={css.inner} style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const batch = items[row.index];
          return batch && (
            <div key={row.key} className={css.slot} style={{ transform: `translateY(${row.start}px)` }}>
              <BatchRow batch={batch} styleNames={styleNames} />
            </div>
          );
        })}
      </div>
    </div>
  );
}
