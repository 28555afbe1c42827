import { beforeEach, expect, test, vi } from "vitest";
import { reloadPage } from "~/testing/page";
import type { Entry } from "./entry";

let store: (typeof import("./store"))["store"];
const entry = (id: string, more: Partial<Entry> = {}): Entry => ({
  id, order: Number(id.slice(1)), tab: "", who: "", kind: "photo", path: `${id}.jpg`, bytes: 100, modified: 0, sku: "", role: "", listed: null, note: "", collection: null, state: "queued", tries: 0,
  photo: null, findings: [], wrong: null, job: null, rows: null, parent: null, stored: false, used: false, ...more,
});
const warning = { check: "blur", verdict: "warn" as const, words: "", value: null, limit: null, unit: "" };

beforeEach(async () => {
  vi.useFakeTimers();
  reloadPage();
  ({ store } = await import("./store"));
});

test("entries are in order, whenever they were put in", () => {
  store.put([entry("e3"), entry("e1")]);
  store.put([entry("e2")]);
  expect(store.all().map((one) => one.id)).toEqual(["e1", "e2", "e3"]);
  store.drop(["e2"]);
  expect(store.summary.all).toEqual(["e1", "e3"]);
});

test("the groups are what a person sees: ready, needs a look, cannot be used, to send", () => {
  store.put([
    entry("e1", { state: "done" }), entry("e2", { state: "done", findings: [warning] }), entry("e3", { state: "failed" }), entry("e4", { state: "lost" }), entry("e5", { state: "checking" }),
    entry("e6", { kind: "zip", state: "done" }), entry("e7", { kind: "list", state: "waiting" }), entry("e8", { kind: "zip", state: "failed" }), entry("e9", { kind: "member", state: "done", parent: "e6" }),
  ]);
  store.update();
  expect(store.summary.groups).toEqual({ ready: ["e1", "e9"], look: ["e2"], bad: ["e3", "e4", "e8"], open: ["e5"], none: ["e6", "e7"] });
});

test("bytes count as they move; the last tenth is the service's check", () => {
  store.put([entry("e1", { state: "sending" }), entry("e2", { state: "checking" }), entry("e3", { state: "done" }), entry("e4", { state: "failed" }), entry("e5", { kind: "member", state: "done" }), entry("e6", { state: "done", used: true })]);
  store.progress("e1", 0.5);
  store.update();
  expect(store.summary).toMatchObject({ bytes: { sent: 45 + 90 + 100, all: 300 }, left: 2, sent: 2, unstored: 2 });
});

test("a row hears of its own entry only, and of no other's", () => {
  store.put([entry("e1"), entry("e2")]);
  const heard: string[] = [];
  const end = store.watchRow("e1")(() => heard.push("e1"));
  store.watchRow("e2")(() => heard.push("e2"));
  store.patch("e1", { state: "sending" });
  store.progress("e1", 0.1);
  expect(heard).toEqual(["e1", "e1"]);
  end();
  store.patch("e1", { state: "done" });
  expect(heard).toHaveLength(2);
});

test("the summary follows at most eight times a second, and at once where a flag changes", async () => {
  store.put([entry("e1")]);
  store.update();
  const sums: number[] = [];
  store.watch(() => sums.push(store.summary.left));
  for (let at = 2; at < 500; at += 1) store.put([entry(`e${at}`)]);
  expect(sums).toEqual([]);
  await vi.advanceTimersByTimeAsync(125);
  expect(sums).toEqual([499]);
  store.flag({ pause: "person" });
  expect(store.summary.pause).toBe("person");
});

test("a change of an entry that is gone changes nothing", () => {
  expect(store.patch("e1", { state: "done" })).toBeUndefined();
  expect(store.all()).toEqual([]);
});
