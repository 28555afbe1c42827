/** One place of the tree: it opens, is renamed, is dragged, and takes drops. */
import { IconChevronRight } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { library } from "~/shared/copy/library";
import { dragCard, dragging } from "./dragging";
import { KindIcon } from "./kinds";
import { NameField } from "./NameField";
import { PlaceMenu, type PlaceMenuActions } from "./PlaceMenu";
import type { Row } from "./tree";
import css from "./places.module.css";

const copy = library.places;
const OPEN_AFTER_MS = 650;

export function PlaceRow({ row, current, open, reachable, naming, go, setOpen, named, actions, canDrop, drop }: {
  row: Row; current: boolean; open: boolean; reachable: boolean; naming: boolean;
  go: () => void; setOpen: (open: boolean) => void; named: (name: string | null) => void; actions: PlaceMenuActions;
  canDrop: () => boolean; drop: (adds: boolean) => void;
}) {
  const { place, depth, children } = row;
  const [over, setOver] = useState(false);
  const soon = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const left = (): void => {
    setOver(false);
    clearTimeout(soon.current);
    soon.current = undefined;
  };
  return (
    <div
      role="treeitem" aria-level={depth + 1} aria-selected={current} aria-expanded={children > 0 ? open : undefined}
      aria-label={copy.inside(place.name, place.products_below)} tabIndex={reachable && !naming ? 0 : -1} data-place={place.id} data-over={over || undefined}
      className={css.row} style={{ paddingInlineStart: 6 + depth * 15 }} draggable={!naming} onClick={go}
      onDragStart={(event) => {
        event.stopPropagation();
        dragging.set({ kind: "place", id: place.id });
        event.dataTransfer.setData("text/plain", place.name);
        event.dataTransfer.effectAllowed = "move";
        dragCard(event, place.name);
      }}
      onDragEnd={() => dragging.set(null)}
      onDragOver={(event) => {
        if (!canDrop()) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = event.ctrlKey || event.altKey ? "copy" : "move";
        setOver(true);
        if (children > 0 && !open) soon.current ??= setTimeout(() => setOpen(true), OPEN_AFTER_MS);
      }}
      onDragLeave={left}
      onDrop={(event) => {
        event.preventDefault();
        left();
        if (canDrop()) drop(event.ctrlKey || event.altKey);
        dragging.set(null);
      }}
    >
      {children > 0 ? (
        <button type="button" className={css.chevron} data-open={open || undefined} tabIndex={-1} aria-label={open ? copy.close(place.name) : copy.open(place.name)} onClick={(event) => (event.stopPropagation(), setOpen(!open))}>
          <IconChevronRight size={14} stroke={2} aria-hidden />
        </button>
      ) : <span className={css.chevron} />}
      <KindIcon kind={place.kind} />
      {naming ? (
        <NameField label={copy.name} start={place.name} save={named} cancel={() => named(null)} />
      ) : (
        <>
          <span className="ellipsis" title={place.name}>{place.name}</span>{" "}
          <span className={css.end} onClick={(event) => event.stopPropagation()}>
            <span className={`${css.count} num`}>{place.products_below.toLocaleString()}</span>
            <PlaceMenu place={place} actions={actions} reachable={reachable} />
          </span>
        </>
      )}
    </div>
  );
}
