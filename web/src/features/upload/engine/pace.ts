/** How fast bytes are sent, and so how long it takes: since the moment that there was something to send. */
import { useSyncExternalStore } from "react";
import { store } from "./store";

/** secondsLeft: null until it can be estimated. */
export type Pace = { fraction: number; done: number; total: number; secondsLeft: number | null };

const WINDOW_MS = 20_000;
const LEAST_MS = 2_500;

class Clock {
  private start: { bytes: number; sent: number } | null = null;
  private samples: { at: number; bytes: number }[] = [];
  private pace: Pace = { fraction: 0, done: 0, total: 0, secondsLeft: null };

  constructor() {
    store.watch(() => this.sample());
  }
  get = (): Pace => this.pace;

  private sample(): void {
    const { left, sent, bytes, pause } = store.summary;
    if (left === 0) {
      this.start = null;
      this.samples = [];
      return;
    }
    this.start ??= { bytes: bytes.sent, sent };
    if (pause) this.samples = [];
    const at = performance.now();
    const first = this.samples.find((one) => at - one.at < WINDOW_MS);
    this.samples = [...this.samples.filter((one) => at - one.at < WINDOW_MS), { at, bytes: bytes.sent }];
    const all = Math.max(1, bytes.all - this.start.bytes);
    const transferred = Math.max(0, bytes.sent - this.start.bytes);
    const took = first ? at - first.at : 0;
    const speed = first && took > LEAST_MS ? (bytes.sent - first.bytes) / took : 0;
    const done = Math.max(0, sent - this.start.sent);
    this.pace = {
      fraction: Math.min(1, transferred / all), done, total: done + left,
      secondsLeft: speed > 0 ? Math.max(1, Math.round((bytes.all - bytes.sent) / speed / 1000)) : null,
    };
  }
}

const clock = new Clock();
export const usePace = (): Pace => useSyncExternalStore(store.watch, clock.get);
