import { beforeEach, expect, test, vi } from "vitest";
import { reloadPage } from "~/testing/page";
import { Away, deferred, problem, Reply, Service } from "~/testing/service";

const service = new Service();
const sent = () => service.to("POST /review").map(({ body, headers }) => [(body as { n: number }).n, headers.get("Idempotency-Key")]);
const decideOn = (n: number) => import("./outbox").then(({ decide }) => decide("/api/v1/review", { n }));

/** The page as it is after a reload: only what the browser stores is left. */
async function reload(user = "usr_olivia") {
  reloadPage();
  const outbox = await import("./outbox");
  outbox.sendFor(user);
  await vi.advanceTimersByTimeAsync(0);
  return outbox;
}

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  service.on("POST /review", ({ body }) => ({ act: `act_${(body as { n: number }).n}` }));
  await reload();
});

test("a decision is sent at once and answered", async () => {
  expect(await decideOn(1)).toMatchObject({ answer: { act: "act_1" } });
  expect(localStorage.getItem("packshot-outbox")).toBeNull();
});

test("what the service refuses is raised with its code, and not stored", async () => {
  service.on("POST /review", () => problem(409, "breaks_rule", { detail: "no" }));
  await expect(decideOn(1)).rejects.toMatchObject({ status: 409, code: "breaks_rule" });
  await reload();
  expect(sent()).toHaveLength(1);
});

test.each([["it is away", () => { throw new Away(); }], ["it fails", () => problem(503, "unavailable")]])("while %s, decisions wait and are sent in order once it is back", async (_, away) => {
  service.on("POST /review", away);
  expect((await decideOn(1)).answer).toBeNull();
  expect((await decideOn(2)).answer).toBeNull();
  expect((await decideOn(3)).answer).toBeNull();
  service.calls.length = 0;
  service.on("POST /review", ({ body }) => ({ act: `act_${(body as { n: number }).n}` }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(sent().map(([n]) => n)).toEqual([1, 2, 3]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent()).toHaveLength(3);
});

test("a decision whose first try is still at work stays until it is answered", async () => {
  service.on("POST /review", () => { throw new Away(); });
  await decideOn(1);
  service.on("POST /review", () => problem(409, "in_progress"));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(JSON.parse(localStorage.getItem("packshot-outbox") ?? "[]")).toHaveLength(1);
  service.on("POST /review", () => ({}));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(localStorage.getItem("packshot-outbox")).toBe("[]");
});

test("a slow answer is waited for, whatever wakes the outbox meanwhile", async () => {
  service.on("POST /review", () => { throw new Away(); });
  await decideOn(1);
  service.calls.length = 0;
  const answer = deferred<object>();
  service.on("POST /review", () => answer.promise);
  await vi.advanceTimersByTimeAsync(9_000);
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(0);
  answer.resolve({});
  await vi.advanceTimersByTimeAsync(9_000);
  expect(sent()).toHaveLength(1);
});

test("a decision never overtakes one that waits", async () => {
  service.on("POST /review", () => { throw new Away(); });
  await decideOn(1);
  service.calls.length = 0;
  service.on("POST /review", () => ({}));
  expect((await decideOn(2)).answer).toBeNull();
  expect(sent()).toEqual([]);
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(0);
  expect(sent().map(([n]) => n)).toEqual([1, 2]);
});

test("it survives a reload, and is sent under the key of the first try", async () => {
  service.on("POST /review", () => { throw new Away(); });
  const { key } = await decideOn(1);
  service.calls.length = 0;
  service.on("POST /review", () => ({}));
  await reload();
  expect(sent()).toEqual([[1, key]]);
});

test("another person's decisions stay in the browser until they sign in", async () => {
  service.on("POST /review", () => { throw new Away(); });
  await decideOn(1);
  service.calls.length = 0;
  service.on("POST /review", () => ({}));
  await reload("usr_ben");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent()).toEqual([]);
  await reload("usr_olivia");
  expect(sent().map(([n]) => n)).toEqual([1]);
});

test("signed out, it waits; a refusal is reported and dropped, and the next is sent", async () => {
  service.on("POST /review", () => { throw new Away(); });
  await decideOn(1);
  await decideOn(2);
  const { onSent } = await import("./outbox");
  const heard: unknown[] = [];
  onSent((one) => heard.push([one.status, one.answer]));
  service.on("POST /review", () => problem(401, "not_signed_in"));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(heard).toEqual([]);
  service.on("POST /review", ({ body }) => ((body as { n: number }).n === 1 ? new Reply(422, { code: "bad_input" }) : { act: "act_2" }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(heard).toEqual([[422, { code: "bad_input" }], [200, { act: "act_2" }]]);
});

test("one that was not sent yet can be withdrawn; one that is being sent cannot", async () => {
  service.on("POST /review", () => { throw new Away(); });
  const [first, second] = [await decideOn(1), await decideOn(2)];
  const answer = deferred<object>();
  service.calls.length = 0;
  service.on("POST /review", () => answer.promise);
  await vi.advanceTimersByTimeAsync(3_000);
  const { withdraw } = await import("./outbox");
  expect(withdraw(first.key)).toBe(false);
  expect(withdraw(second.key)).toBe(true);
  answer.resolve({});
  await vi.advanceTimersByTimeAsync(0);
  expect(sent().map(([n]) => n)).toEqual([1]);
});
