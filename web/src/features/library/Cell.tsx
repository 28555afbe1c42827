import { IconCheck } from "@tabler/icons-react";
import { memo, type ReactNode } from "react";
import { library } from "~/shared/copy/library";
import css from "./grid.module.css";

type Props<T> = {
  item: T; index: number; column: number; active: boolean; selected: boolean; name: string; render: (thing: T) => ReactNode;
  pick: (id: string, extend: boolean) => void; focused: (index: number) => void; open: (thing: T) => void;
  drag?: (event: React.DragEvent, thing: T) => void;
};

/** One item of the grid with its checkbox. With Shift, Ctrl or ⌘ a click selects; else it opens. */
function CellContent<T extends { id: string }>({ item, index, column, active, selected, name, render, pick, focused, open, drag }: Props<T>) {
  return (
    <div
      role="gridcell" aria-colindex={column + 1} aria-selected={selected} tabIndex={active ? 0 : -1} data-at={index} data-selected={selected || undefined}
      className={css.cell} draggable={Boolean(drag)} onDragStart={(event) => drag?.(event, item)} onFocus={() => focused(index)}
      onClick={(event) => {
        if ((event.target as Element).closest("[data-check]")) return;
        event.preventDefault();
        if (event.shiftKey || event.ctrlKey || event.metaKey) pick(item.id, event.shiftKey);
        else open(item);
      }}
    >
      {render(item)}
      <label className={css.check} data-check onClick={(event) => event.shiftKey && (event.preventDefault(), pick(item.id, true))}>
        <input type="checkbox" tabIndex={-1} checked={selected} aria-label={library.card.select(name)} onChange={() => pick(item.id, false)} />
        <span aria-hidden><IconCheck size={15} stroke={3} /></span>
      </label>
    </div>
  );
}
export const Cell = memo(CellContent) as typeof CellContent;
