import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Item } from "~/api/types";
import type { Message } from "~/shared/live";
import { reloadPage } from "~/testing/page";
import { Away, deferred, problem, Service, type Call } from "~/testing/service";

const heard = vi.hoisted(() => ({ notes: [] as string[], errors: [] as unknown[], announced: [] as string[] }));
vi.mock("~/shared/announce", () => ({ announce: (words: string) => heard.announced.push(words) }));
vi.mock("~/shared/notify", () => ({ notify: (words: string) => heard.notes.push(words), notifyError: (error: unknown) => heard.errors.push(error) }));

const service = new Service();
let items: Item[];
const item = (id: string, more: Partial<Item> = {}): Item => ({
  id, batch: "bat_1", batch_name: "", photo: `img_${id}`, photo_name: `${id}.jpg`, sku: "", title: "", role: "main", style: "white", status: "review", stage: "", version: 1,
  position: items?.length ?? 0, priority: "standard", needs_look: true, worst: 1, attempts: 0, findings: [], error: null, not_before: null, created_at: "", touched_at: "", done_at: null, thumb: "", before: "", after: "", ...more,
});
const finding = (check: string) => ({ check, verdict: "warn" as const, words: "", value: null, limit: null, unit: "" });
type Seen = { id: string; version: number; status: string };
const decided = ({ body }: Call) => body as { items: Seen[]; decision: string; anyway?: boolean };
const answer = (call: Call, act = "act_1", status = "approved") =>
  ({ act, done: decided(call).items.length, results: decided(call).items.map(({ id, version }) => ({ id, outcome: "done", status, version, words: "" })) });

let store: import("./store").ReviewStore;
const statuses = () => Object.fromEntries([...store.items.values()].map((one) => [one.id, one.status]));
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  reloadPage();
  for (const list of Object.values(heard)) list.length = 0;
  items = [];
  for (const id of ["a", "b", "c"]) items.push(item(id, { worst: 3 - items.length }));
  service.on("GET /batches/:/items", () => ({ items, next_cursor: null }));
  service.on("GET /items/:", ({ at }) => items.find((one) => one.id === at[1]) ?? problem(404, "not_found"));
  service.on("POST /review", (call) => answer(call));
  const { ReviewStore } = await import("./store");
  store = new ReviewStore("bat_1", "usr_me");
  store.start();
  await settle();
});
afterEach(() => vi.useRealTimers());

describe("loading", () => {
  test("reads every page, and keeps what it has where one fails", async () => {
    service.on("GET /batches/:/items", ({ query }) => (query.get("cursor") ? { items: items.slice(2), next_cursor: null } : { items: items.slice(0, 2), next_cursor: "2" }));
    store.items.clear();
    await store.load();
    expect([...store.items.keys()]).toEqual(["a", "b", "c"]);
    service.on("GET /batches/:/items", () => problem(500, "fault"));
    await store.load();
    expect(store.error).toMatchObject({ status: 500 });
    expect(store.items.size).toBe(3);
  });

  test("does not bring back what is being decided", async () => {
    const late = deferred<object>();
    service.on("POST /review", () => late.promise);
    store.decide(["a"], "approve");
    await store.load();
    expect(statuses()).toEqual({ a: "approved", b: "review", c: "review" });
    late.resolve({ act: "act_1", done: 1, results: [{ id: "a", outcome: "done", status: "approved", version: 1, words: "" }] });
    await settle();
    items[0]!.status = "rejected";
    await store.load();
    expect(statuses().a).toBe("rejected");
  });
});

describe("the view", () => {
  test("holds what is decided until another group is chosen, so that nothing jumps", async () => {
    store.decide(["b"], "reject");
    expect(store.view).toEqual(["a", "b", "c"]);
    expect(store.counts()).toMatchObject({ look: 2, decided: 1, left: 2, rejected: 1, total: 3 });
    store.arrange("look", undefined);
    expect(store.view).toEqual(["a", "c"]);
    store.arrange("decided", undefined);
    expect(store.view).toEqual(["b"]);
    await settle();
  });

  test("is narrowed by a check, and begins with the group that has something to do", async () => {
    items = [item("a", { findings: [finding("edges")] }), item("b", { findings: [finding("edges"), finding("fill")] }), item("c", { needs_look: false })];
    await store.load();
    expect(store.flags()).toEqual([["edges", 2], ["fill", 1]]);
    store.arrange("look", "fill");
    expect(store.view).toEqual(["b"]);
    items = [item("a"), item("b", { worst: 5 }), item("c", { needs_look: false, worst: 9 })];
    await store.load();
    store.arrange("look", undefined);
    expect(store.view).toEqual(["b", "a"]);
    store.arrange("all", undefined);
    expect(store.view).toEqual(["a", "b", "c"]);
    items = items.map((one) => ({ ...one, needs_look: false }));
    await store.load();
    expect(store.firstGroup()).toBe("fine");
  });

  test("the cursor stops at both ends, and finds the next that needs a look", () => {
    store.move(-1);
    expect(store.cursor).toBe("a");
    store.move(99);
    expect(store.cursor).toBe("c");
    store.nextFlagged();
    expect(store.cursor).toBe("a");
  });

  test("a range reaches from the cursor, and a decision goes to the selection before the cursor", () => {
    expect(store.chosen()).toEqual(["a"]);
    store.moveTo("b");
    store.selectRange("c");
    expect(store.chosen()).toEqual(["b", "c"]);
    store.select("b", false);
    expect(store.chosen()).toEqual(["c"]);
    store.decide(store.chosen(), "skip");
    expect(store.chosen()).toEqual(["b"]);
  });

  test("a key press renders the two cells that it moves between, and no list", () => {
    const rendered: string[] = [];
    for (const id of ["a", "b", "c"]) store.watchItem(id)(() => rendered.push(id));
    store.watch(() => rendered.push("list"));
    store.move(1);
    expect(rendered.sort()).toEqual(["a", "b"]);
  });
});

describe("deciding", () => {
  test("shows at once, goes on to the next, and sends what was seen", async () => {
    store.decide(store.chosen(), "approve");
    expect(statuses().a).toBe("approved");
    expect(store.cursor).toBe("b");
    await settle();
    expect(decided(service.to("POST /review")[0]!)).toEqual({ decision: "approve", items: [{ id: "a", status: "review", version: 1 }] });
  });

  test("the last one goes round to the first that is left, and stays where none is", async () => {
    store.moveTo("c");
    store.decide(["c"], "skip");
    expect(store.cursor).toBe("a");
    store.decide(["a"], "approve");
    store.decide(["b"], "approve");
    expect(store.cursor).toBe("b");
    await settle();
  });

  test("takes the status and the version that the service says", async () => {
    service.on("POST /review", (call) => ({ act: "act_1", done: 1, results: [{ id: decided(call).items[0]!.id, outcome: "done", status: "processing", version: 2, words: "" }] }));
    store.decide(["a"], "retry");
    await settle();
    expect(store.items.get("a")).toMatchObject({ status: "processing", version: 2 });
  });

  test("five hundred go at once, more in several requests", async () => {
    items = Array.from({ length: 1_201 }, (_, at) => item(`i${at}`));
    store.items.clear();
    await store.load();
    store.selectAll();
    store.decide(store.chosen(), "approve");
    await settle();
    expect(service.to("POST /review").map((call) => decided(call).items.length)).toEqual([500, 500, 201]);
  });

  test("what cannot be decided is not sent", async () => {
    items = [item("a", { status: "processing" }), item("b", { status: "approved" }), item("c", { status: "cancelled" })];
    await store.load();
    store.decide(["a", "b", "c"], "approve");
    await settle();
    expect(service.to("POST /review")).toEqual([]);
  });

  test("of many, those that changed meanwhile say so and show how they are now; the rest is done", async () => {
    service.on("POST /review", () => ({ act: "act_1", done: 1, results: [
      { id: "a", outcome: "done", status: "approved", version: 1, words: "" }, { id: "b", outcome: "changed", status: "rejected", version: 2, words: "It is rejected." },
    ] }));
    store.decide(["a", "b"], "approve");
    await settle();
    expect(store.items.get("a")).toMatchObject({ status: "approved" });
    expect(store.items.get("b")).toMatchObject({ status: "rejected", version: 2 });
    expect(heard.notes).toEqual(["b.jpg: It is rejected."]);
  });

  test("a refusal puts everything back, says why, and asks how it is now", async () => {
    service.on("POST /review", () => problem(409, "conflict", { detail: "It is rejected." }));
    items[0] = { ...items[0]!, status: "rejected", version: 3 };
    store.decide(["a", "b"], "approve");
    await settle();
    expect(heard.errors).toMatchObject([{ code: "conflict" }]);
    expect(store.items.get("a")).toMatchObject({ status: "rejected", version: 3 });
    expect(store.items.get("b")).toMatchObject({ status: "review" });
    await store.undo();
    expect(heard.notes).toHaveLength(1); // there is nothing to undo
  });
});

describe("a channel's hard rule", () => {
  test("is told by its code, whatever the sentence and the status, and nothing is approved until a second key", async () => {
    service.on("POST /review", () => problem(409, "breaks_rule", { detail: "Datei zu groß." }));
    store.decide(["a"], "approve");
    await settle();
    expect(heard.notes.at(-1)).toContain("Datei zu groß.");
    expect(store.leftOut).toEqual(["a"]);
    expect(statuses().a).toBe("review");
    expect(store.cursor).toBe("a");
    expect(heard.errors).toEqual([]);
    service.on("POST /review", (call) => answer(call));
    expect(store.approveLeftOut()).toBe(true);
    await settle();
    expect(decided(service.to("POST /review").at(-1)!).anyway).toBe(true);
    expect(statuses().a).toBe("approved");
  });

  test("of one of its channels leaves that file out, which a second key approves", async () => {
    service.on("POST /review", (call) => ({ ...answer(call), results: decided(call).items.map((one) => ({ id: one.id, outcome: "done", status: "approved", version: 1, words: "Left out: amazon: Not white." })) }));
    store.decide(["a", "b"], "approve");
    await settle();
    expect(statuses()).toMatchObject({ a: "approved", b: "approved" });
    expect(heard.notes.at(-1)).toContain("Left out: amazon: Not white.");
    expect(store.approveLeftOut()).toBe(true);
    await settle();
    expect(decided(service.to("POST /review").at(-1)!)).toMatchObject({ anyway: true, items: [{ id: "a", status: "approved" }, { id: "b", status: "approved" }] });
  });

  test("the words alone do not ask", async () => {
    service.on("POST /review", () => problem(422, "bad_input", { detail: "its file for amazon breaks a rule of that channel." }));
    store.decide(["a"], "approve");
    await settle();
    expect(store.leftOut).toEqual([]);
    expect(heard.errors).toMatchObject([{ code: "bad_input" }]);
  });
});

describe("undo", () => {
  const undone = (...ids: string[]) => ({ act: "act_1", done: ids.length, results: ids.map((id) => ({ id, outcome: "done", status: "review", version: 1, words: "" })) });

  test("shows at once what was before, moves there, and undoes on the service", async () => {
    service.on("POST /review/:/undo", () => undone("a"));
    store.decide(["a"], "approve");
    await settle();
    const end = store.undo();
    expect(statuses().a).toBe("review");
    expect(store.cursor).toBe("a");
    await end;
    expect(service.to("POST /review/:/undo").map((call) => call.at[1])).toEqual(["act_1"]);
  });

  test("goes back decision by decision", async () => {
    service.on("POST /review", (call) => answer(call, `act_${decided(call).items[0]!.id}`));
    service.on("POST /review/:/undo", ({ at }) => undone(at[1]!.replace("act_", "")));
    store.decide(["a"], "approve");
    store.decide(["b"], "approve");
    await settle();
    await store.undo();
    await store.undo();
    expect(service.to("POST /review/:/undo").map((call) => call.at[1])).toEqual(["act_b", "act_a"]);
    expect(statuses()).toEqual({ a: "review", b: "review", c: "review" });
    await store.undo();
    expect(heard.notes).toHaveLength(1);
  });

  test("waits for an answer that is on its way, and the picture stays undone", async () => {
    const late = deferred<object>();
    service.on("POST /review", () => late.promise);
    service.on("POST /review/:/undo", () => undone("a"));
    store.decide(["a"], "approve");
    const end = store.undo();
    await settle();
    expect(service.to("POST /review/:/undo")).toEqual([]);
    late.resolve({ act: "act_1", done: 1, results: [{ id: "a", outcome: "done", status: "approved", version: 1, words: "" }] });
    await end;
    expect(service.to("POST /review/:/undo")).toHaveLength(1);
    expect(statuses().a).toBe("review");
  });

  test("leaves those alone that somebody else had decided", async () => {
    service.on("POST /review", () => ({ act: "act_1", done: 1, results: [
      { id: "a", outcome: "done", status: "approved", version: 1, words: "" }, { id: "b", outcome: "changed", status: "rejected", version: 2, words: "" },
    ] }));
    service.on("POST /review/:/undo", () => undone("a"));
    store.decide(["a", "b"], "approve");
    await settle();
    await store.undo();
    expect(statuses()).toMatchObject({ a: "review", b: "rejected" });
  });

  test("where the service refuses it, the decision is shown again", async () => {
    service.on("POST /review/:/undo", () => problem(409, "conflict"));
    store.decide(["a"], "approve");
    await settle();
    items[0] = { ...items[0]!, status: "approved" };
    await store.undo();
    await settle();
    expect(statuses().a).toBe("approved");
    expect(heard.errors).toMatchObject([{ code: "conflict" }]);
  });

  test("where the service is away, the decision is shown again, and how it is now once that is known", async () => {
    for (const route of ["POST /review/:/undo", "GET /items/:"]) service.on(route, () => { throw new Away(); });
    store.decide(["a"], "approve");
    await settle();
    await store.undo();
    expect(statuses().a).toBe("approved");
    service.on("GET /items/:", () => ({ ...items[0]!, status: "rejected" }));
    store.decide(["a"], "reject");
    await settle();
    await store.undo();
    await settle();
    expect(statuses().a).toBe("rejected");
  });

  test("those that could not be undone are loaded", async () => {
    service.on("POST /review/:/undo", () => ({ act: "act_1", done: 1, results: [
      { id: "a", outcome: "done", status: "review", version: 1, words: "" }, { id: "b", outcome: "changed", status: "rejected", version: 1, words: "" },
    ] }));
    store.decide(["a", "b"], "approve");
    await settle();
    items[1] = { ...items[1]!, status: "rejected" };
    await store.undo();
    await settle();
    expect(statuses()).toMatchObject({ a: "review", b: "rejected" });
  });

  test("what had not been sent yet is only withdrawn", async () => {
    service.on("POST /review", () => { throw new Away(); });
    store.decide(["a"], "approve");
    await settle();
    expect(statuses().a).toBe("approved");
    await store.undo();
    expect(statuses().a).toBe("review");
    service.on("POST /review", (call) => answer(call));
    const calls = service.calls.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(service.calls.length).toBe(calls);
  });
});

describe("without a connection", () => {
  test("decisions are shown, and what the service says later counts", async () => {
    const { sendFor } = await import("~/shared/outbox");
    sendFor("usr_me");
    service.on("POST /review", () => { throw new Away(); });
    store.decide(["a"], "approve");
    store.decide(["b"], "approve");
    await settle();
    expect(statuses()).toMatchObject({ a: "approved", b: "approved" });
    expect(heard.errors).toEqual([]);
    service.on("POST /review", (call) => (decided(call).items[0]!.id === "a" ? answer(call) : problem(409, "conflict")));
    items[1] = { ...items[1]!, status: "rejected" };
    await vi.advanceTimersByTimeAsync(3_000);
    expect(statuses()).toMatchObject({ a: "approved", b: "rejected" });
    expect(heard.errors).toMatchObject([{ code: "conflict" }]);
  });
});

describe("other people", () => {
  const message = (...all: { id: string; status: string; version?: number; by?: string | null }[]): Message =>
    ({ seq: 1, batch: "bat_1", state: "review", items: all.map((one) => ({ version: 1, stage: "", by: "usr_ben", ...one })) });
  const hear = (one: Message) => store.apply(one, (by) => (by === "usr_ben" ? "Ben" : by));

  test("their decisions are shown and named; one's own are not", () => {
    hear(message({ id: "a", status: "approved" }, { id: "b", status: "rejected", by: "usr_me" }));
    expect(statuses()).toEqual({ a: "approved", b: "rejected", c: "review" });
    expect(heard.notes).toEqual(["Ben approved a.jpg"]);
  });

  test("a message of an earlier moment does not undo what is being decided", async () => {
    const late = deferred<object>();
    service.on("POST /review", () => late.promise);
    store.decide(["a"], "approve");
    hear(message({ id: "a", status: "rejected" }));
    expect(statuses().a).toBe("approved");
    late.resolve({ act: "act_1", done: 1, results: [{ id: "a", outcome: "done", status: "approved", version: 1, words: "" }] });
    await settle();
  });

  test("a new version is loaded, and a picture that is finished joins the view", async () => {
    items[0] = { ...items[0]!, version: 2, after: "/new" };
    items[1] = { ...items[1]!, version: 2, status: "approved", after: "/other" };
    items.push(item("d"), item("e", { needs_look: false }));
    hear(message({ id: "a", status: "review", version: 2, by: null }, { id: "b", status: "approved", version: 2 }, { id: "d", status: "review", by: null }, { id: "e", status: "review", by: null }));
    await settle();
    expect(store.items.get("a")).toMatchObject({ version: 2, after: "/new" });
    expect(store.items.get("b")).toMatchObject({ version: 2, after: "/other" });
    expect(store.items.has("e")).toBe(true);
    expect(store.view).toEqual(["a", "b", "c", "d"]);
  });

  test("another batch's messages are ignored, and after a gap everything is loaded", async () => {
    const loads = service.to("GET /batches/:/items").length;
    hear({ ...message({ id: "a", status: "approved" }), batch: "bat_2" });
    expect(statuses().a).toBe("review");
    items[2] = { ...items[2]!, status: "approved" };
    hear({ seq: 2, reset: true });
    await settle();
    expect(service.to("GET /batches/:/items").length).toBe(loads + 1);
    expect(statuses().c).toBe("approved");
    hear({ seq: 3, batch: "bat_1", state: "review", items: null });
    await settle();
    expect(service.to("GET /batches/:/items").length).toBe(loads + 2);
  });
});
