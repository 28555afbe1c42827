/** What is being dragged: drop targets must know, and browsers do not say before the drop. */
import { useSyncExternalStore } from "react";

export type Dragged = { kind: "products"; ids: readonly string[] } | { kind: "place"; id: string } | null;
let dragged: Dragged = null;
const watchers = new Set<() => void>();

export const dragging = {
  get now(): Dragged {
    return dragged;
  },
  set(next: Dragged): void {
    if (dragged === next) return;
    dragged = next;
    for (const changed of watchers) changed();
  },
};

export const useDragged = (): Dragged =>
  useSyncExternalStore((listener) => (watchers.add(listener), () => watchers.delete(listener)), () => dragged);

/** Shows a small card with words at the pointer. */
export function dragCard(event: React.DragEvent, words: string): void {
  const card = document.createElement("div");
  card.className = "library-drag";
  card.textContent = words;
  document.body.append(card);
  event.dataTransfer.setDragImage(card, 14, 14);
  setTimeout(() => card.remove());
}
