/** Single keys, which a user may switch off (WCAG 2.1.4); silent in fields and while a dialog is open. */
import { useEffect, useRef, useSyncExternalStore } from "react";

const STORED = "packshot-single-keys";
const watchers = new Set<() => void>();
export const singleKeys = {
  get on(): boolean {
    return localStorage.getItem(STORED) !== "off";
  },
  set(on: boolean): void {
    localStorage.setItem(STORED, on ? "on" : "off");
    for (const changed of watchers) changed();
  },
};
export const useSingleKeys = (): boolean =>
  useSyncExternalStore((changed) => (watchers.add(changed), () => watchers.delete(changed)), () => singleKeys.on);

const FIELDS = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true]";
const DIALOG = "[role=dialog], [role=menu], [role=listbox]";

/** "a", "shift+a", "arrowleft", "?": as `event.key` says it, in small letters. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const shift = event.shiftKey && (key.length > 1 || /[a-z]/.test(key)) ? "shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "mod+" : ""}${shift}${key === " " ? "space" : key}`;
}

type Handler = (event: KeyboardEvent) => void;

/** Handlers by key. `inDialog`: these are a dialog's own. */
export function useKeys(handlers: Record<string, Handler>, options: { enabled?: boolean; inDialog?: boolean } = {}): void {
  const latest = useRef({ handlers, options });
  latest.current = { handlers, options };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const { handlers, options } = latest.current;
      if (options.enabled === false || event.defaultPrevented || event.altKey || event.isComposing) return;
      const target = event.target instanceof Element ? event.target : null;
      const name = nameOf(event);
      const handler = handlers[name];
      if (!handler) return;
      if (target?.closest(FIELDS) && name !== "escape") return;
      if (!options.inDialog && document.querySelector(DIALOG)) return;
      // Space and Enter press the button that has the focus.
      if ((name === "space" || name === "enter") && target?.closest("button, a, summary, [role=slider]") && !target.closest("[data-keys]")) return;
      if (name.startsWith("arrow") && target?.closest("[role=slider], [type=range], [role=radiogroup], [role=tablist]")) return;
      const isSingle = !name.startsWith("mod+") && name.replace("shift+", "").length === 1;
      if (isSingle && !singleKeys.on) return;
      event.preventDefault();
      handler(event);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
