/** Stands in for the live connection: `tell` is a message of the service. */
import type { Message } from "~/shared/live";

const global = globalThis as { liveListeners?: Set<(message: Message) => void> };
const listeners = (global.liveListeners ??= new Set()); // one set, however often the page is loaded again

export const live = {
  online: true,
  listen: (listener: (message: Message) => void) => (listeners.add(listener), () => listeners.delete(listener)),
  watch: () => () => undefined,
};
export const tell = (message: Partial<Message>): void => listeners.forEach((listener) => listener({ seq: 1, ...message }));
export const forgetListeners = (): void => listeners.clear();
export const listening = (): number => listeners.size;
