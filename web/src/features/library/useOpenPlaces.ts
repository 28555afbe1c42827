/** Which places of the tree are open, remembered in the browser. */
import { useCallback, useState } from "react";

const STORED = "packshot-open-places";

export function useOpenPlaces() {
  const [ids, set] = useState<ReadonlySet<string>>(() => new Set(JSON.parse(localStorage.getItem(STORED) ?? "[]") as string[]));
  const put = useCallback((changed: Iterable<string>, opened: boolean) => {
    set((before) => {
      const next = new Set(before);
      for (const id of changed) opened ? next.add(id) : next.delete(id);
      if (next.size === before.size && [...next].every((id) => before.has(id))) return before;
      localStorage.setItem(STORED, JSON.stringify([...next].slice(-2_000)));
      return next;
    });
  }, []);
  return { is: (id: string) => ids.has(id), put };
}
