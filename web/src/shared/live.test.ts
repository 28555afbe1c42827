import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keys } from "~/api/queries";
import { reloadPage } from "~/testing/page";
import { Away, Service } from "~/testing/service";

class FakeSocket {
  static OPEN = 1;
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }
  readyState = 0;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;
  constructor(readonly url: URL) {
    FakeSocket.all.push(this);
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close(code = 1006): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const service = new Service();
const status = (state: string, done: number) => ({ id: "bat_1", state, counts: {}, stages: {}, done, total: 3, seconds_left: { low: 1, high: 2 } });
let client: QueryClient;
let live: (typeof import("./live"))["live"];
let stop: () => void;
const isStale = (key: readonly unknown[]) => client.getQueryState(key)?.isInvalidated;

beforeEach(async () => {
  vi.useFakeTimers();
  reloadPage();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  client = new QueryClient();
  ({ live } = await import("./live"));
  stop = live.start(client);
  FakeSocket.last.open();
});
afterEach(() => stop());

test("a batch's message goes into its status, and what it leaves out stays", () => {
  client.setQueryData(keys.batchStatus("bat_1"), status("processing", 1));
  client.setQueryData(keys.batch("bat_1"), { state: "processing" });
  client.setQueryData(keys.item("itm_1"), {});
  FakeSocket.last.say({ seq: 1, batch: "bat_1", state: "processing", counts: { review: 2 }, stages: {}, done: 2, total: 3, items: [{ id: "itm_1", status: "review", version: 1, stage: "", by: null }] });
  expect(client.getQueryData(keys.batchStatus("bat_1"))).toMatchObject({ done: 2, counts: { review: 2 }, seconds_left: { low: 1, high: 2 } });
  expect(isStale(keys.item("itm_1"))).toBe(true);
  expect(isStale(keys.batch("bat_1"))).toBe(false);
  FakeSocket.last.say({ seq: 2, batch: "bat_1", state: "review", counts: {}, stages: {}, done: 3, total: 3 });
  expect(isStale(keys.batch("bat_1"))).toBe(true);
});

test("a job's message makes jobs stale, and an export's the exports too", () => {
  for (const key of [keys.jobs, keys.exports]) client.setQueryData(key, []);
  FakeSocket.last.say({ seq: 1, job: "job_1", kind: "import", status: "running" });
  expect([isStale(keys.jobs), isStale(keys.exports)]).toEqual([true, false]);
  FakeSocket.last.say({ seq: 2, job: "job_2", kind: "export", status: "running" });
  expect(isStale(keys.exports)).toBe(true);
});

test("listeners hear every message but heartbeats, until they end", () => {
  const heard: number[] = [];
  const end = live.listen((message) => heard.push(message.seq));
  FakeSocket.last.say({ seq: 1, job: "job_1" });
  FakeSocket.last.say({ seq: 2, heartbeat: true });
  FakeSocket.last.say({ seq: 3, reset: true });
  end();
  FakeSocket.last.say({ seq: 4, job: "job_1" });
  expect(heard).toEqual([1, 3]);
});

test("after a gap everything is stale", () => {
  client.setQueryData(["anything"], 1);
  FakeSocket.last.say({ seq: 9, reset: true });
  expect(isStale(["anything"])).toBe(true);
});

test("a lost connection is opened again where it left off; the studio is offline only when that fails too", async () => {
  FakeSocket.last.say({ seq: 7, heartbeat: true });
  FakeSocket.last.close();
  expect(live.online).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.all).toHaveLength(2);
  expect(FakeSocket.last.url.searchParams.get("after")).toBe("7");
  FakeSocket.last.close();
  expect(live.online).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  FakeSocket.last.open();
  expect(live.online).toBe(true);
});

test("while the socket is away, messages are polled", async () => {
  const heard: number[] = [];
  live.listen((message) => heard.push(message.seq));
  FakeSocket.last.say({ seq: 4, heartbeat: true });
  service.on("GET /events", ({ query }) => (query.get("after") === "4" ? { seq: 6, reset: false, messages: [{ seq: 5, job: "job_1" }, { seq: 6, job: "job_1" }] } : { seq: 8, reset: false, messages: [] }));
  FakeSocket.last.close();
  for (let times = 0; times < 8; times += 1) {
    await vi.advanceTimersByTimeAsync(2_000);
    FakeSocket.last.close();
  }
  expect(heard).toEqual([5, 6]);
  expect(service.calls.map((call) => call.query.get("after")).slice(0, 3)).toEqual(["4", "6", "8"]);
  expect(live.online).toBe(true); // the service answers, if not on the socket
  service.on("GET /events", () => { throw new Away(); });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(live.online).toBe(false);
  FakeSocket.last.open();
  const polls = service.calls.length;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(service.calls.length).toBe(polls);
});

test("after a gap that polling finds, everything is stale", async () => {
  client.setQueryData(["anything"], 1);
  FakeSocket.last.say({ seq: 4, heartbeat: true });
  service.on("GET /events", () => ({ seq: 900, reset: true, messages: [] }));
  FakeSocket.last.close();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(isStale(["anything"])).toBe(true);
  expect(FakeSocket.last.url.searchParams.get("after")).toBe("4");
  FakeSocket.last.close();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(service.calls.at(-1)?.query.get("after")).toBe("900");
});

test("queries that failed while the service was away are retried once it is back", async () => {
  let away = true;
  const load = vi.fn(() => (away ? Promise.reject(new Error("away")) : Promise.resolve("here")));
  const { QueryObserver } = await import("@tanstack/react-query");
  const observer = new QueryObserver(client, { queryKey: ["screen"], queryFn: load, retry: false });
  const end = observer.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.say({ seq: 1, heartbeat: true });
  FakeSocket.last.close();
  await vi.advanceTimersByTimeAsync(1_000);
  FakeSocket.last.close();
  away = false;
  await vi.advanceTimersByTimeAsync(2_000);
  FakeSocket.last.open();
  await vi.advanceTimersByTimeAsync(0);
  expect(observer.getCurrentResult().data).toBe("here");
  end();
});

test("a socket without a heartbeat is closed and opened again", async () => {
  await vi.advanceTimersByTimeAsync(30_000);
  FakeSocket.last.say({ seq: 1, heartbeat: true });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(FakeSocket.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(FakeSocket.all).toHaveLength(2);
});

test("signed out, it asks who is here instead of connecting", async () => {
  client.setQueryData(keys.session, { user: "usr_1" });
  FakeSocket.last.close(4401);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(isStale(keys.session)).toBe(true);
  expect(FakeSocket.all).toHaveLength(1);
});

test("once the network is back, it connects without waiting", async () => {
  FakeSocket.last.close();
  await vi.advanceTimersByTimeAsync(1_000);
  FakeSocket.last.close();
  const before = FakeSocket.all.length;
  dispatchEvent(new Event("online"));
  expect(FakeSocket.all).toHaveLength(before + 1);
});
