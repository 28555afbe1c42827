/** The light table: all pictures of a batch, as tiles or as a list, virtual in both. */
import { Button, SegmentedControl } from "@mantine/core";
import { IconLayoutGrid, IconList, IconPhoto } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { Empty, Failed, TilesWaiting } from "~/shared/ui/states";
import { Chips } from "../list/Chips";
import { ItemRows } from "./ItemRows";
import { Tiles } from "./Tiles";
import css from "./sheet.module.css";
import { SHOWS, useSheet, type Show } from "./useSheet";

const copy = batches.one;

export function Sheet({ batch, styleNames }: { batch: Batch; styleNames: Map<string, string> }) {
  const [show, setShow] = useState<Show>("all");
  const [layout, setLayout] = useState<"sheet" | "list">("sheet");
  const sheet = useSheet(batch.id, show);
  const items = useMemo(() => sheet.data?.pages.flatMap((page) => page.items) ?? [], [sheet.data]);
  const several = batch.styles.length > 1;
  const going = batch.state === "processing" || batch.state === "paused";
  const options = SHOWS.filter((one) => one === show || one === "all" || one === "finished" || one === "look" || (one === "failed" ? batch.counts.failed : going ? batch.counts.processing : 0))
    .map((value) => ({ value, words: copy.shows[value], count: countOf(batch, value) }));
  const more = sheet.hasNextPage && !sheet.isFetchingNextPage;
  const load = () => void sheet.fetchNextPage();
  const ended = batch.state === "failed" || batch.state === "cancelled";
  const filling = batch.state === "created" || batch.state === "validating";
  return (
    <section className={css.table} aria-label={copy.sheet}>
      {batch.total > 0 && <header className={css.bar}>
        <Chips label={copy.show} options={options} value={show} pick={setShow} />
        <span style={{ flex: 1 }} />
        <SegmentedControl
          aria-label={copy.layout} size="xs" value={layout} onChange={(value) => setLayout(value === "list" ? "list" : "sheet")}
          data={[
            { value: "sheet", label: <span className={css.choice}><IconLayoutGrid size={15} aria-hidden />{copy.asSheet}</span> },
            { value: "list", label: <span className={css.choice}><IconList size={15} aria-hidden />{copy.asList}</span> },
          ]}
        />
      </header>}
      {sheet.isPending || (items.length === 0 && filling && show === "all") ? (
        <TilesWaiting count={12} size={220} />
      ) : sheet.isError && !sheet.data ? (
        <Failed error={sheet.error} retry={() => void sheet.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon={<IconPhoto size={30} stroke={1.5} />} title={ended && show === "all" ? copy.noPictures : copy.noneOf[show]} words={show === "all" && !ended ? copy.noneWords : undefined}>
          {show !== "all" && <Button variant="default" onClick={() => setShow("all")}>{batches.list.showAll}</Button>}
        </Empty>
      ) : layout === "list" ? (
        <ItemRows key={show} items={items} styleNames={styleNames} several={several} more={more} load={load} />
      ) : (
        <Tiles
          key={show} items={items} total={show === "all" && sheet.hasNextPage ? Math.max(batch.total, items.length) : items.length}
          styleNames={several ? styleNames : null} going={batch.state === "processing"} more={more} load={load}
        />
      )}
    </section>
  );
}

/** How many items there are, where the batch's counts say so. */
function countOf({ counts, total }: Batch, show: Show): number | undefined {
  const sum = (...names: string[]) => names.reduce((all, name) => all + (counts[name] ?? 0), 0);
  switch (show) {
    case "all": return total;
    case "finished": return sum("review", "approved", "rejected", "skipped");
    case "working": return sum("processing");
    case "failed": return sum("failed");
    case "look": return undefined;
  }
}
