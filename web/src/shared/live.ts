/**
 * What changes on the server, as it happens: one WebSocket, patched into the query cache.
 *
 * Messages carry the newest state, so a missed one does no harm; after a gap (`reset`) everything is loaded again. While
 * the socket is away, the same is polled every five seconds, and the shell says that there is no connection.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";

export type ItemUpdate = { id: string; status: string; version: number; stage: string; by: string | null };
export type Message = {
  seq: number; batch?: string; state?: string; counts?: Record<string, number>; stages?: Record<string, number>;
  done?: number; total?: number; items?: ItemUpdate[] | null;
  job?: string; kind?: string; status?: string; stage?: string; photo?: string | null; error?: string;
  heartbeat?: boolean; reset?: boolean;
};
type Listener = (message: Message) => void;

const POLL_MS = 5_000;
const SILENT_MS = 40_000; // a heartbeat comes every 15 s

class Live {
  private socket: WebSocket | null = null;
  private seq: number | null = null;
  private tries = 0;
  private pollTimer: ReturnType<typeof setInterval> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  private listeners = new Set<Listener>();
  private watchers = new Set<() => void>();
  private client: QueryClient | null = null;
  online = true;

  start(client: QueryClient): () => void {
    this.client = client;
    this.open();
    addEventListener("online", this.reconnectNow);
    return () => {
      removeEventListener("online", this.reconnectNow);
      this.client = null;
      clearInterval(this.pollTimer);
      clearTimeout(this.silenceTimer);
      clearTimeout(this.reconnectTimer);
      this.socket?.close();
      this.socket = null;
    };
  }

  /** Calls the listener with every message; returns the function that ends it. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };

  private reconnectNow = (): void => {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      clearTimeout(this.reconnectTimer);
      this.open();
    }
  };

  private open(): void {
    if (!this.client) return;
    const address = new URL("/api/v1/events", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (this.seq !== null) address.searchParams.set("after", String(this.seq));
    const socket = (this.socket = new WebSocket(address));
    socket.onopen = () => {
      const gap = !this.online;
      this.tries = 0;
      this.setOnline(true);
      clearInterval(this.pollTimer);
      this.pollTimer = undefined;
      this.restartSilenceTimer();
      if (gap && this.seq === null) void this.client?.invalidateQueries();
      // Queries that failed while the service was away are retried.
      if (gap) void this.client?.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });
    };
    socket.onmessage = (event) => {
      this.restartSilenceTimer();
      this.apply(JSON.parse(String(event.data)) as Message);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket || !this.client) return;
      clearTimeout(this.silenceTimer);
      if (event.code === 4401) {
        void this.client.invalidateQueries({ queryKey: keys.session });
        return;
      }
      this.tries += 1;
      if (this.tries > 1) this.setOnline(false);
      this.pollTimer ??= setInterval(() => void this.poll(), POLL_MS);
      this.reconnectTimer = setTimeout(() => this.open(), Math.min(10_000, 250 * 2 ** this.tries) * (0.75 + Math.random() / 2));
    };
  }

  private restartSilenceTimer(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.socket?.close(), SILENT_MS);
  }

  private async poll(): Promise<void> {
    if (this.seq === null) return;
    try {
      const answer = await unwrap(api.GET("/api/v1/events", { params: { query: { after: this.seq } } }));
      this.setOnline(true);
      if (answer.reset) this.apply({ seq: answer.seq, reset: true });
      for (const message of answer.messages) this.apply(message as Message);
      this.seq = answer.seq;
    } catch {
      this.setOnline(false);
    }
  }

  private apply(message: Message): void {
    this.seq = message.seq;
    if (message.heartbeat) return;
    const client = this.client;
    if (!client) return;
    if (message.reset) {
      void client.invalidateQueries();
    } else if (message.batch && message.state) {
      const { state, counts, stages, done, total } = message;
      client.setQueryData(keys.batchStatus(message.batch), (old: object | undefined) => old && { ...old, state, counts, stages, done, total });
      const cached = client.getQueryData<{ state: string }>(keys.batch(message.batch));
      if (cached && cached.state !== state) void client.invalidateQueries({ queryKey: keys.batch(message.batch) });
      void client.invalidateQueries({ queryKey: keys.batches, exact: true });
      for (const item of message.items ?? []) void client.invalidateQueries({ queryKey: keys.item(item.id) });
    } else if (message.job) {
      void client.invalidateQueries({ queryKey: keys.jobs });
      if (message.kind === "export") void client.invalidateQueries({ queryKey: keys.exports });
    }
    for (const listener of this.listeners) listener(message);
  }

  private setOnline(online: boolean): void {
    if (this.online === online) return;
    this.online = online;
    for (const changed of this.watchers) changed();
  }
}

export const live = new Live();

export const useOnline = (): boolean => useSyncExternalStore(live.watch, () => live.online);
