/** One picture of the grid. The decision is a sign, the findings are a number; neither hides the product's base. */
import { IconAlertTriangle, IconCheck, IconPlayerSkipForward, IconRefresh, IconX } from "@tabler/icons-react";
import { memo } from "react";
import type { Item } from "~/api/types";
import { shortOf } from "~/shared/copy/findings";
import { statuses } from "~/shared/copy/statuses";
import { Picture } from "~/shared/ui/Picture";
import css from "./review.module.css";
import type { ReviewStore } from "./store";
import { useIsCurrent, useIsSelected, useItem } from "./hooks";

const signs: Partial<Record<Item["status"], typeof IconCheck>> = {
  approved: IconCheck, rejected: IconX, skipped: IconPlayerSkipForward, processing: IconRefresh, failed: IconAlertTriangle,
};

export const Cell = memo(function Cell({ store, id, eager = false, open }: { store: ReviewStore; id: string; eager?: boolean; open?: () => void }) {
  const item = useItem(store, id);
  const here = useIsCurrent(store, id);
  const selected = useIsSelected(store, id);
  if (!item) return null;
  const bad = item.findings.filter((one) => one.verdict === "warn" || one.verdict === "fail");
  const Sign = signs[item.status];
  const name = item.title || item.sku || item.photo_name;
  // Read out after the caption.
  const more = [item.sku && name !== item.sku && name, statuses[item.status], ...bad.map((one) => shortOf(one.check))].filter(Boolean).join(", ");
  return (
    <button
      type="button" className={css.cell} data-here={here || undefined} data-status={item.status} data-selected={selected || undefined} data-keys
      tabIndex={here ? 0 : -1} aria-current={here || undefined} aria-pressed={store.selected.size > 0 ? selected : undefined}
      onClick={(event) => {
        if (event.shiftKey) store.selectRange(id);
        else if (event.ctrlKey || event.metaKey) store.select(id, !selected);
        else store.moveTo(id);
      }}
      onDoubleClick={open}
    >
      <span className={css.shot}>
        <Picture src={item.after || item.thumb} alt="" eager={eager} />
        {Sign && <span className={css.sign} data-status={item.status} aria-hidden><Sign size={15} stroke={2.4} /></span>}
      </span>
      <span className={css.caption}>
        {selected && <IconCheck size={13} stroke={3} aria-hidden />}
        <span className="ellipsis">{item.sku || item.photo_name}</span>
        <span className="visually-hidden">{more}</span>
        {bad.length > 0 && <span className={css.findingCount} title={bad.map((one) => shortOf(one.check)).join(", ")} aria-hidden><IconAlertTriangle size={13} stroke={2.2} />{bad.length}</span>}
      </span>
    </button>
  );
});
