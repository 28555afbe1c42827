import { beforeEach, expect, test, vi } from "vitest";
import type { Job } from "~/api/types";
import { listening, tell } from "~/testing/live";
import { problem, Service } from "~/testing/service";
import { follow } from "./jobs";

vi.mock("./live", () => import("~/testing/live"));

const service = new Service();
const job = (status: Job["status"], more: Partial<Job> = {}): Job =>
  ({ id: "job_1", kind: "import", status, stage: "", stages: [], done: 0, total: 2, image_id: null, batch_id: null, result: {}, error: null, created_at: "", done_at: null, ...more });

beforeEach(() => void vi.useFakeTimers());

test("a message brings the next state at once, and the end resolves", async () => {
  const states = [job("running", { done: 1 }), job("done", { done: 2, result: { images: ["img_1"] } })];
  service.on("GET /jobs/:", () => states.shift());
  const progress: number[] = [];
  const end = follow(job("queued"), { progress: ({ done }) => progress.push(done) });
  tell({ job: "job_other" });
  await vi.advanceTimersByTimeAsync(100);
  expect(progress).toEqual([0]);
  tell({ job: "job_1" });
  await vi.advanceTimersByTimeAsync(0);
  tell({ job: "job_1" });
  expect((await end).result).toEqual({ images: ["img_1"] });
  expect(progress).toEqual([0, 1, 2]);
  expect(listening()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("where messages are lost, it is polled", async () => {
  service.on("GET /jobs/:", () => job("done"));
  const end = follow(job("running"));
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await end).status).toBe("done");
});

test("a failure is raised with the problem's code and remedy; a cancelled job by its status", async () => {
  const error = problem(422, "damaged_file", { remedy: "Send it again.", reference: "ref" }).body as Job["error"];
  await expect(follow(job("failed", { error }))).rejects.toMatchObject({ status: 422, code: "damaged_file", problem: { remedy: "Send it again.", reference: "ref" } });
  await expect(follow(job("cancelled"))).rejects.toMatchObject({ code: "cancelled" });
});

test("it stops when it is aborted, and asks no more", async () => {
  const controller = new AbortController();
  const end = follow(job("running"), { signal: controller.signal });
  controller.abort();
  await expect(end).rejects.toMatchObject({ name: "AbortError" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(service.calls).toEqual([]);
});
