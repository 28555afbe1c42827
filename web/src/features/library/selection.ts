/** Which items are selected, by id; a range reaches from the last one that was chosen. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { announce } from "~/shared/announce";
import { library } from "~/shared/copy/library";

export type Selection = {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
  rangeTo: (id: string) => void;
  set: (ids: Iterable<string>) => void;
  clear: () => void;
};

const EMPTY: ReadonlySet<string> = new Set();

/** `order`: the ids as they are shown. `view`: another view begins with nothing selected. */
export function useSelection(order: readonly string[], view: string): Selection {
  const [chosen, choose] = useState<{ view: string; ids: ReadonlySet<string> }>({ view, ids: EMPTY });
  const anchor = useRef<string | null>(null);
  const latest = useRef(order);
  latest.current = order;
  const ids = chosen.view === view ? chosen.ids : EMPTY;

  const set = useCallback((next: Iterable<string>) => choose({ view, ids: new Set(next) }), [view]);
  const toggle = useCallback((id: string) => {
    anchor.current = id;
    choose((before) => {
      const next = new Set(before.view === view ? before.ids : EMPTY);
      if (!next.delete(id)) next.add(id);
      return { view, ids: next };
    });
  }, [view]);
  const rangeTo = useCallback((id: string) => {
    const shown = latest.current;
    const [from, to] = [shown.indexOf(anchor.current ?? id), shown.indexOf(id)];
    if (to < 0) return;
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    choose((before) => ({ view, ids: new Set([...(before.view === view ? before.ids : EMPTY), ...shown.slice(first, last + 1)]) }));
  }, [view]);
  const clear = useCallback(() => {
    anchor.current = null;
    choose({ view, ids: EMPTY });
  }, [view]);

  const announced = useRef(0);
  useEffect(() => {
    if (announced.current !== ids.size) announce(library.selection.announced(ids.size));
    announced.current = ids.size;
  }, [ids.size]);

  return useMemo(() => ({ ids, toggle, rangeTo, set, clear }), [ids, toggle, rangeTo, set, clear]);
}
