/** Decisions that could not be sent yet: stored in the browser, and sent in order once the service is back. */
import { useSyncExternalStore } from "react";
import { ApiError, csrfHeader } from "~/api/client";
import { newId } from "~/shared/id";

type Waiting = { key: string; path: string; body: unknown; by: string };
export type SentDecision = { key: string; status: number; answer: unknown };
const STORED = "packshot-outbox";
const watchers = new Set<() => void>();
const listeners = new Set<(sent: SentDecision) => void>();
let waiting: Waiting[] = JSON.parse(localStorage.getItem(STORED) ?? "[]") as Waiting[];
let sending = false;
let me = "";

/** Whose decisions are sent from now on: those of other people stay in this browser until they sign in. */
export function sendFor(user: string): void {
  if (me === user) return;
  me = user;
  for (const changed of watchers) changed();
  void flush();
}
const mine = (): Waiting[] => waiting.filter((one) => one.by === me);

function storeWaiting(next: Waiting[]): void {
  waiting = next;
  localStorage.setItem(STORED, JSON.stringify(next));
  for (const changed of watchers) changed();
}

async function post(one: Waiting): Promise<SentDecision> {
  const response = await fetch(one.path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": one.key, ...csrfHeader() },
    body: JSON.stringify(one.body),
  });
  const answer: unknown = await response.json().catch(() => null);
  return { key: one.key, status: response.status, answer: answer };
}

/** Whether an earlier try of the same decision is still at work: its answer comes later, under the same key. */
const stillGoingOn = ({ status, answer }: SentDecision): boolean => status === 409 && (answer as { code?: string } | null)?.code === "in_progress";

/** Sends what waits, the oldest first. What the service answers is reported and dropped, also a refusal; what does not reach it stays. */
export async function flush(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    for (let [next] = mine(); next; [next] = mine()) {
      const { key } = next;
      const sent = await post(next);
      if (sent.status >= 500 || sent.status === 401 || sent.status === 429 || stillGoingOn(sent)) break;
      storeWaiting(waiting.filter((one) => one.key !== key));
      for (const listener of listeners) listener(sent);
    }
  } catch {
    /* still away */
  } finally {
    sending = false;
  }
}

/**
 * POSTs a decision; where the service is away it waits in the browser and the answer is null.
 * Each has a key, so that one sent twice is done once.  Raises ApiError where it is refused.
 */
export async function decide<T>(path: string, body: unknown): Promise<{ key: string; answer: T | null }> {
  const one = { key: newId(), path, body, by: me };
  if (mine().length === 0) {
    try {
      const sent = await post(one);
      if (sent.status < 300) return { key: one.key, answer: sent.answer as T };
      if (sent.status < 500) throw new ApiError({ ...(sent.answer as object), status: sent.status });
    } catch (error) {
      if (error instanceof ApiError) throw error;
    }
  }
  storeWaiting([...waiting, one]);
  return { key: one.key, answer: null };
}

/** Takes back a decision that was not sent yet; returns whether it could be. */
export function withdraw(key: string): boolean {
  if (!waiting.some((one) => one.key === key) || (sending && mine()[0]?.key === key)) return false;
  storeWaiting(waiting.filter((one) => one.key !== key));
  return true;
}

/** Calls the listener with the outcome of each decision that had waited. */
export const onSent = (listener: (sent: SentDecision) => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useWaitingDecisions = (): number =>
  useSyncExternalStore((changed) => (watchers.add(changed), () => watchers.delete(changed)), () => mine().length);

addEventListener("online", () => void flush());
setInterval(() => mine().length && void flush(), 3_000);
