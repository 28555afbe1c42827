/** Where the next photos go and how their products are found; the browser remembers it. */
import { useSyncExternalStore } from "react";
import type { Way } from "../model/skus";

export type Settings = { way: Way; collection: string | null };

const STORED = "packshot-upload-settings";
const watchers = new Set<() => void>();
let settings = read();

function read(): Settings {
  try {
    const stored = JSON.parse(localStorage.getItem(STORED) ?? "{}") as Partial<Settings>;
    const way = stored.way === "folder" || stored.way === "none" ? stored.way : "name";
    return { way, collection: typeof stored.collection === "string" ? stored.collection : null };
  } catch {
    return { way: "name", collection: null };
  }
}

export const currentSettings = (): Settings => settings;

export function changeSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  try {
    localStorage.setItem(STORED, JSON.stringify(settings));
  } catch {
    /* no storage: until the page is closed */
  }
  for (const changed of watchers) changed();
}

export const useSettings = (): Settings =>
  useSyncExternalStore((changed) => (watchers.add(changed), () => watchers.delete(changed)), currentSettings);
