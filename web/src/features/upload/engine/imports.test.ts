/** ZIPs and lists that a job works through: what it brings and what it refuses become entries of their own. */
import { beforeEach, expect, test, vi } from "vitest";
import type { Job, Photo } from "~/api/types";
import { disk, formatDisk } from "~/testing/database";
import { listening, tell } from "~/testing/live";
import { Away, problem } from "~/testing/service";
import { file, nameIn, openEngine, pass, photo, service, settle, uploads } from "~/testing/uploads";

vi.mock("./database", () => import("~/testing/database"));
vi.mock("~/shared/live", () => import("~/testing/live"));
vi.mock("~/shared/announce", () => ({ announce: () => undefined }));

let page: Awaited<ReturnType<typeof openEngine>>;
let job: Job;
let photos: Photo[];
const loads = () => service.to("GET /jobs/:").length;
const members = () => page.store.all().filter((one) => one.kind === "member");
const progress = (done: number, images: string[], more: Partial<Job> = {}) => {
  job = { ...job, done, result: { images }, ...more };
  tell({ job: "job_1", kind: "import", status: job.status, done, total: job.total });
};

beforeEach(async () => {
  vi.useFakeTimers();
  formatDisk();
  localStorage.clear();
  job = { id: "job_1", kind: "import", status: "running", stage: "", stages: [], done: 0, total: 3, image_id: null, batch_id: null, result: {}, error: null, created_at: "", done_at: null };
  photos = ["img_1", "img_2", "img_3"].map((id) => photo(id, { name: `shoot/${id}.jpg`, product_id: `prd_${id}`, bytes: 5 }));
  service.on("POST /images", (call) => (nameIn(call).endsWith(".zip") ? job : photo("img_A")));
  service.on("GET /jobs/:", () => job);
  service.on("GET /images", ({ query }) => ({ items: photos.filter((one) => query.getAll("ids").includes(one.id)), next_cursor: null }));
  service.on("GET /products", () => ({ items: [{ id: "prd_img_1", sku: "MUG" }] }));
  page = await openEngine();
  await page.add(file("shoot.zip"), file("A.jpg"));
});

test("photos appear as they come, each once, in order and with their SKUs", async () => {
  progress(2, ["img_2", "img_1"]);
  expect(page.entry("shoot.zip")).toMatchObject({ state: "unpacking", job: { done: 2, total: 3 } });
  await pass(3_000);
  expect(members().map((one) => [one.path, one.sku, one.state])).toEqual([["shoot/img_2.jpg", "", "done"], ["shoot/img_1.jpg", "MUG", "done"]]);
  progress(3, ["img_2", "img_1", "img_3"], { status: "done" });
  await settle();
  expect(members().map((one) => one.photo?.id)).toEqual(["img_2", "img_1", "img_3"]);
  expect(page.entry("shoot.zip")).toMatchObject({ state: "done", stored: false });
  expect(disk().files.has(page.entry("shoot.zip")!.id)).toBe(false);
  expect(page.store.all().map((one) => one.kind)).toEqual(["zip", "member", "member", "member", "photo"]);
});

test("the end is loaded at once; before it, a burst of messages is one request", async () => {
  const before = loads();
  for (let done = 0; done < 20; done += 1) progress(done, []);
  await pass(3_000);
  expect(loads()).toBe(before + 1);
  progress(3, [], { status: "done" });
  await settle();
  expect(loads()).toBe(before + 2);
  await pass(120_000);
  expect(loads()).toBe(before + 2);
});

test("where messages are lost, it is polled; where the service is away, later", async () => {
  job = { ...job, status: "done", result: { images: ["img_1"] } };
  service.on("GET /jobs/:", () => { throw new Away(); });
  await pass(20_000);
  expect(page.entry("shoot.zip")!.state).toBe("unpacking");
  service.on("GET /jobs/:", () => job);
  await pass(20_000);
  expect(page.entry("shoot.zip")!.state).toBe("done");
  expect(members()).toHaveLength(1);
});

test("after a gap in the messages it is loaded", async () => {
  job = { ...job, status: "done" };
  tell({ reset: true });
  await settle();
  expect(page.entry("shoot.zip")!.state).toBe("done");
});

test("members that are refused are entries with their reason, behind the photos; they cannot be tried again", async () => {
  progress(2, ["img_1"], { status: "done", result: { images: ["img_1"], refused: [{ name: "notes.txt", code: "unsupported_format", words: "notes.txt: it is no photo.", remedy: "" }] } });
  progress(2, ["img_1"], { status: "done", result: { images: ["img_1"], refused: [{ name: "notes.txt", code: "unsupported_format", words: "it is no photo.", remedy: "Leave it out." }] } });
  await settle();
  expect(members().map((one) => [one.path, one.state])).toEqual([["shoot/img_1.jpg", "done"], ["notes.txt", "failed"]]);
  expect(members()[1]!.wrong).toMatchObject({ code: "unsupported_format", remedy: "Leave it out.", again: false });
});

test("how names were read is said beside the ZIP", async () => {
  progress(1, ["img_1"], { status: "done", result: { images: ["img_1"], notes: [{ name: "shoot.zip", words: "By its words it is Shift-JIS." }] } });
  await settle();
  expect(page.entry("shoot.zip")!.said).toBe("By its words it is Shift-JIS.");
});

test("a ZIP that is refused as a whole has failed itself", async () => {
  progress(0, [], { status: "done", result: { refused: [{ name: "shoot.zip", code: "unsafe_input", words: "it leads out of its folder.", remedy: "" }] } });
  await settle();
  expect(members()).toEqual([]);
  expect(page.entry("shoot.zip")).toMatchObject({ state: "failed", wrong: { code: "unsafe_input", again: false } });
});

test("a job that failed can be tried again under a new key, as its file is still there", async () => {
  progress(1, ["img_1"], { status: "failed", error: problem(503, "unavailable", { detail: "the workers are away." }).body as Job["error"] });
  await settle();
  expect(page.entry("shoot.zip")).toMatchObject({ state: "failed", wrong: { code: "unavailable", words: "The workers are away.", again: true } });
  expect(disk().files.size).toBeGreaterThan(0);
  service.on("POST /images", () => ({ ...job, id: "run_2", status: "done", result: { images: ["img_1", "img_2"] } }));
  service.on("GET /jobs/:", () => ({ ...job, id: "run_2", status: "done", result: { images: ["img_1", "img_2"] } }));
  await pass(200);
  page.engine.retryAll();
  await settle();
  expect(page.entry("shoot.zip")!.state).toBe("done");
  expect(members().map((one) => one.photo?.id)).toEqual(["img_1", "img_2"]);
  expect(new Set(uploads().filter((one) => one.name === "shoot.zip").map((one) => one.key)).size).toBe(2);
});

test("a job that is gone, or was cancelled, fails the ZIP", async () => {
  progress(0, [], { status: "cancelled" });
  await settle();
  expect(page.entry("shoot.zip")).toMatchObject({ state: "failed", wrong: { again: true } });
  page = await openEngine();
  job = { ...job, status: "running" };
  await page.add(file("other.zip"));
  service.on("GET /jobs/:", () => problem(404, "not_found", { detail: "there is no such run." }));
  await pass(20_000);
  expect(page.entry("other.zip")!.state).toBe("failed");
  const before = loads();
  await pass(60_000);
  expect(loads()).toBe(before);
});

test("a photo that was deleted meanwhile is left out", async () => {
  photos = photos.slice(1);
  progress(3, ["img_1", "img_2"], { status: "done" });
  await settle();
  expect(members().map((one) => one.photo?.id)).toEqual(["img_2"]);
  expect(page.entry("shoot.zip")!.state).toBe("done");
});

test("what a ZIP has brought stays in the list while it still brings more", async () => {
  progress(1, ["img_1"]);
  await pass(3_000);
  page.engine.clear();
  expect(page.store.all().map((one) => one.path)).toEqual(["shoot.zip", "shoot/img_1.jpg"]);
  progress(1, ["img_1"], { status: "done" });
  await settle();
  page.engine.clear();
  expect(page.store.all()).toEqual([]);
});

test("a ZIP that is taken out of the list goes with its members, and is followed no more", async () => {
  progress(1, ["img_1"]);
  await pass(3_000);
  page.engine.remove([page.entry("shoot.zip")!.id]);
  const before = loads();
  progress(3, ["img_1", "img_2"], { status: "done" });
  await pass(60_000);
  expect(page.store.all().map((one) => one.path)).toEqual(["A.jpg"]);
  expect(loads()).toBe(before);
});

test("after a reload it is followed on, and what had come does not come twice", async () => {
  progress(1, ["img_1"]);
  await pass(3_000);
  page = await openEngine();
  expect(page.entry("shoot.zip")!.state).toBe("unpacking");
  expect(listening()).toBe(1);
  progress(3, ["img_1", "img_2"], { status: "done" });
  await settle();
  expect(members().map((one) => one.photo?.id)).toEqual(["img_1", "img_2"]);
  expect(uploads().filter((one) => one.name === "shoot.zip")).toHaveLength(1);
});
