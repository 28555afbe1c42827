import { useSyncExternalStore } from "react";
import type { Item } from "~/api/types";
import type { ReviewStore } from "./store";

/** One item; renders again when it changes or the cursor moves to or from it. */
export function useItem(store: ReviewStore, id: string): Item | undefined {
  return useSyncExternalStore(store.watchItem(id), () => store.items.get(id));
}
export function useIsCurrent(store: ReviewStore, id: string): boolean {
  return useSyncExternalStore(store.watchItem(id), () => store.cursor === id);
}
export function useIsSelected(store: ReviewStore, id: string): boolean {
  return useSyncExternalStore(store.watchItem(id), () => store.selected.has(id));
}
/** Renders again with every change: for counts and lists. */
export function useAnyChange(store: ReviewStore): number {
  return useSyncExternalStore(store.watch, store.version);
}
export function useCursor(store: ReviewStore): string | null {
  return useSyncExternalStore(store.watchCursor, () => store.cursor);
}

/** A plain value of the store; renders again only when that value changes. */
export function useValue<T extends string | number | boolean | null>(store: ReviewStore, read: () => T): T {
  return useSyncExternalStore(store.watch, read);
}
