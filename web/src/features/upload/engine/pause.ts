/** Why nothing is sent for now, and when sending resumes by itself. */
import { api, setCsrf, unwrap } from "~/api/client";
import { live } from "~/shared/live";
import { store, type Pause } from "./store";

const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 10_000];
const FULL_MS = 30_000;
const listeners = new Set<() => void>();
let owner = "";
let tries = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export const onResume = (listener: () => void): void => void listeners.add(listener);
export const isPaused = (): boolean => store.flags.pause !== "" || !store.flags.loaded;
export const setOwner = (name: string): void => void (owner = name);
export const ownerOf = (session: { user: string; workspace: { id: string } }): string => `${session.workspace.id} ${session.user}`;

export function pauseFor(reason: Exclude<Pause, "">, words = ""): void {
  if (store.flags.pause === "person") return;
  store.flag({ pause: reason, pauseWords: words });
  clearTimeout(timer);
  if (reason === "full") timer = setTimeout(resume, FULL_MS);
  else if (reason !== "person") timer = setTimeout(() => void probe(), WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]);
}

export function resume(): void {
  clearTimeout(timer);
  store.flag({ pause: "", pauseWords: "" });
  for (const listener of listeners) listener();
}

/** Resumes where the service is back and the same person is signed in; the page's token is renewed, too. */
async function probe(): Promise<void> {
  const reason = store.flags.pause;
  if (reason !== "away" && reason !== "signed-out") return;
  try {
    const session = await unwrap(api.GET("/api/v1/session"));
    if (owner && ownerOf(session) !== owner) return pauseFor("signed-out");
    setCsrf(session.csrf);
    resume();
  } catch {
    pauseFor(reason);
  }
}

const probeNow = (): void => {
  if (store.flags.pause !== "away") return;
  clearTimeout(timer);
  tries = 0;
  void probe();
};
addEventListener("online", probeNow);
live.watch(() => live.online && probeNow());
/** A file has arrived: the next pause begins with short waits again. */
export const resetWaits = (): void => void (tries = 0);
