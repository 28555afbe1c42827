/** The upload list; only the rows in view are rendered. */
import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { upload as copy } from "~/shared/copy/upload";
import { Empty } from "~/shared/ui/states";
import type { Group } from "../engine/entry";
import css from "../upload.module.css";
import { Row } from "./Row";

export type Filter = Exclude<Group, "none"> | "all";

export function Files({ ids, filter, showAll }: { ids: readonly string[]; filter: Filter; showAll: () => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: ids.length, getScrollElement: () => scroller.current, estimateSize: () => 81, overscan: 6, getItemKey: (at) => ids[at] ?? at,
  });
  if (ids.length === 0 && filter !== "all") {
    return (
      <Empty title={copy.foot.emptyGroup} words={copy.foot.emptyWords[filter]}>
        <Button variant="default" onClick={showAll}>{copy.foot.showAll}</Button>
      </Empty>
    );
  }
  return (
    <div ref={scroller} className={css.files}>
      <div role="list" aria-label={copy.row.list} style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map((row) => (
          <div key={row.key} ref={rows.measureElement} data-index={row.index} className={css.place} role="presentation" style={{ transform: `translateY(${row.start}px)` }}>
            <Row id={String(row.key)} place={row.index} of={ids.length} />
          </div>
        ))}
      </div>
    </div>
  );
}
