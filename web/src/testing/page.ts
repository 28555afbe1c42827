/** The page that a test runs in: it can be loaded again, and then only what the browser stores is left. */
import { vi } from "vitest";

export const define = (name: string, value: unknown): void => void Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

export function openPage(): void {
  const page = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"] as const) define(name, page[name].bind(page));
}

/** Modules are loaded again when they are next imported; timers and listeners of the old page are gone. Needs fake timers. */
export function reloadPage(): void {
  vi.resetModules();
  const now = Date.now();
  vi.clearAllTimers(); // which also sets the clock back
  vi.setSystemTime(now);
  openPage();
}
