/** The tree of places, from the flat list the service gives. */
import type { Place } from "~/api/types";

export type Row = { place: Place; depth: number; children: number };

const childrenOf = (places: readonly Place[]): Map<string | null, Place[]> => {
  const ids = new Set(places.map((place) => place.id));
  const children = new Map<string | null, Place[]>();
  for (const place of places) {
    const parent = place.parent_id !== null && ids.has(place.parent_id) ? place.parent_id : null;
    children.set(parent, [...(children.get(parent) ?? []), place]);
  }
  return children;
};

/** The rows of the tree: what is inside a place only where it is open. `tops`: which of the topmost places. */
export function rowsOf(places: readonly Place[], open: (id: string) => boolean, tops: (place: Place) => boolean = () => true): Row[] {
  const children = childrenOf(places);
  const rows: Row[] = [];
  const walk = (inside: Place[], depth: number): void => {
    for (const place of inside) {
      const below = children.get(place.id) ?? [];
      rows.push({ place, depth, children: below.length });
      if (below.length > 0 && open(place.id)) walk(below, depth + 1);
    }
  };
  walk((children.get(null) ?? []).filter(tops), 0);
  return rows;
}

/** A place and all that is inside it, by id. */
export function within(places: readonly Place[], id: string): Set<string> {
  const children = childrenOf(places);
  const ids = new Set([id]);
  for (const one of ids) for (const child of children.get(one) ?? []) ids.add(child.id);
  return ids;
}

/** From the top down to a place, itself last. */
export function pathOf(places: readonly Place[], id: string): Place[] {
  const byId = new Map(places.map((place) => [place.id, place]));
  const path: Place[] = [];
  for (let at = byId.get(id); at && !path.includes(at); at = at.parent_id ? byId.get(at.parent_id) : undefined) path.unshift(at);
  return path;
}
