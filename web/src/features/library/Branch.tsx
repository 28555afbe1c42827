/** All collections, all seasons or all categories, as a tree that works with the arrow keys. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type KeyboardEvent } from "react";
import type { Place, PlaceKind } from "~/api/types";
import { library } from "~/shared/copy/library";
import { dragging } from "./dragging";
import { NameField } from "./NameField";
import type { PlaceActions } from "./placeActions";
import { PlaceRow } from "./PlaceRow";
import type { useOpenPlaces } from "./useOpenPlaces";
import { rowsOf, within } from "./tree";
import css from "./places.module.css";

const copy = library.places;
type Naming = { id: string } | { parent: string | null; kind: PlaceKind } | null;

export function Branch({ kind, places, current, opened, actions, go, drop, openDialog }: {
  kind: PlaceKind; places: Place[]; current?: string; opened: ReturnType<typeof useOpenPlaces>; actions: PlaceActions;
  go: (id: string) => void; drop: (place: Place, ids: readonly string[], adds: boolean) => void;
  openDialog: (what: "move" | "remove", place: Place) => void;
}) {
  const [naming, setNaming] = useState<Naming>(null);
  const [over, setOver] = useState(false);
  const rows = rowsOf(places, opened.is, (place) => place.kind === kind);
  const reachable = rows.some((row) => row.place.id === current) ? current : rows[0]?.place.id;

  const add = (parent: string | null, of: PlaceKind): void => {
    if (parent) opened.put([parent], true);
    setNaming({ parent, kind: of });
  };
  const canDrop = (place: Place | null): boolean => {
    const now = dragging.now;
    if (now?.kind === "products") return place !== null;
    if (now?.kind !== "place") return false;
    return place === null || !within(places, now.id).has(place.id);
  };
  const onDrop = (place: Place | null, adds: boolean): void => {
    const now = dragging.now;
    if (now?.kind === "products" && place) drop(place, now.ids, adds);
    const moved = now?.kind === "place" ? places.find((one) => one.id === now.id) : undefined;
    if (!moved) return;
    if (place === null) actions.move(moved, null, kind);
    else if (moved.parent_id !== place.id) {
      opened.put([place.id], true);
      actions.move(moved, place.id);
    }
  };
  const field = (depth: number) => naming && "parent" in naming && (
    <div className={css.row} role="none" style={{ paddingInlineStart: 30 + depth * 15 }}>
      <NameField label={copy.add[naming.kind]} save={(name) => (actions.make.mutate({ ...naming, name }), setNaming(null))} cancel={() => setNaming(null)} />
    </div>
  );
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => walk(event, rows.map((row) => row.place), opened, go, (id) => setNaming({ id }));

  return (
    <section className={css.branch}>
      <div
        className={css.heading} data-over={over || undefined}
        onDragOver={(event) => canDrop(null) && (event.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)}
        onDrop={(event) => (event.preventDefault(), setOver(false), onDrop(null, false), dragging.set(null))}
      >
        <h2 id={`kind-${kind}`}>{copy.kinds[kind]}</h2>
        <Tooltip label={copy.add[kind]} position="right">
          <ActionIcon variant="subtle" color="gray" size={26} aria-label={copy.add[kind]} onClick={() => add(null, kind)}><IconPlus size={16} aria-hidden /></ActionIcon>
        </Tooltip>
      </div>
      {naming && "parent" in naming && naming.parent === null && field(0)}
      {rows.length === 0 && !naming && <p className={css.none}>{copy.none[kind]}</p>}
      {rows.length > 0 && (
        <div role="tree" aria-labelledby={`kind-${kind}`} onKeyDown={onKeyDown}>
          {rows.map((row) => {
            const { place, depth } = row;
            return (
              <div key={place.id} role="none">
                <PlaceRow
                  row={row} current={place.id === current} open={opened.is(place.id)} reachable={place.id === reachable}
                  naming={naming !== null && "id" in naming && naming.id === place.id}
                  go={() => go(place.id)} setOpen={(open) => opened.put([place.id], open)}
                  named={(name) => (name && actions.rename(place, name), setNaming(null))}
                  actions={{
                    rename: () => setNaming({ id: place.id }), inside: () => add(place.id, place.kind), kind: (to) => actions.kind(place, to),
                    move: () => openDialog("move", place), remove: () => openDialog("remove", place),
                  }}
                  canDrop={() => canDrop(place)} drop={(adds) => onDrop(place, adds)}
                />
                {naming && "parent" in naming && naming.parent === place.id && field(depth + 1)}
              </div>
            );
          })}
        </div>
      )}
    </section>
  );
}

/** The keys of a tree (WAI-ARIA's pattern), and F2 to rename. */
function walk(event: KeyboardEvent<HTMLElement>, rows: Place[], opened: ReturnType<typeof useOpenPlaces>, go: (id: string) => void, rename: (id: string) => void): void {
  const target = event.target as HTMLElement;
  const id = target.dataset.place;
  if (!id || event.altKey || event.ctrlKey || event.metaKey) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=treeitem]")];
  const at = items.indexOf(target);
  const state = target.getAttribute("aria-expanded");
  const parent = rows.find((place) => place.id === id)?.parent_id;
  const move = (to: HTMLElement | undefined) => to?.focus();
  const handlers: Record<string, () => void> = {
    ArrowDown: () => move(items[at + 1]),
    ArrowUp: () => move(items[at - 1]),
    Home: () => move(items[0]),
    End: () => move(items.at(-1)),
    ArrowRight: () => (state === "false" ? opened.put([id], true) : state === "true" && move(items[at + 1])),
    ArrowLeft: () => (state === "true" ? opened.put([id], false) : move(items.find((one) => one.dataset.place === parent))),
    Enter: () => go(id),
    " ": () => go(id),
    F2: () => rename(id),
  };
  const handler = handlers[event.key];
  if (!handler) return;
  event.preventDefault();
  handler();
}
