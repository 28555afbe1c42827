/** Why nothing is sent for now, and when it goes on by itself. */
import { api, got, setCsrf } from "~/api/client";
import { live } from "~/shared/live";
import { store, type Pause } from "./store";

const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 10_000];
const FULL_MS = 30_000;
const goers = new Set<() => void>();
let who = "";
let tries = 0;
let next: ReturnType<typeof setTimeout> | undefined;

export const onGo = (go: () => void): void => void goers.add(go);
export const stopped = (): boolean => store.flags.pause !== "" || !store.flags.loaded;
export const setWho = (name: string): void => void (who = name);
export const whoOf = (session: { user: string; workspace: { id: string } }): string => `${session.workspace.id} ${session.user}`;

export function halt(why: Exclude<Pause, "">, words = ""): void {
  if (store.flags.pause === "person") return;
  store.flag({ pause: why, pauseWords: words });
  clearTimeout(next);
  if (why === "full") next = setTimeout(go, FULL_MS);
  else if (why !== "person") next = setTimeout(() => void probe(), WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]);
}

export function go(): void {
  clearTimeout(next);
  store.flag({ pause: "", pauseWords: "" });
  for (const heard of goers) heard();
}

/** Is the service there, and is it the same person? Then the page's token is renewed, too. */
async function probe(): Promise<void> {
  const why = store.flags.pause;
  if (why !== "away" && why !== "signed-out") return;
  try {
    const session = await got(api.GET("/api/v1/session"));
    if (who && whoOf(session) !== who) return halt("signed-out");
    setCsrf(session.csrf);
    go();
  } catch {
    halt(why);
  }
}

const hurry = (): void => {
  if (store.flags.pause !== "away") return;
  clearTimeout(next);
  tries = 0;
  void probe();
};
addEventListener("online", hurry);
live.watch(() => live.online && hurry());
/** Something has arrived: the next time, it begins with short waits again. */
export const calm = (): void => void (tries = 0);
