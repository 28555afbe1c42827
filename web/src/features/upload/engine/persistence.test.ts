/** The upload list over a reload: what is sent on, under which key, and what is lost. */
import { beforeEach, expect, test, vi } from "vitest";
import { disk, formatDisk } from "~/testing/database";
import { define } from "~/testing/page";
import { deferred, problem } from "~/testing/service";
import { file, nameIn, openEngine, pass, photo, service, settle, uploads } from "~/testing/uploads";

vi.mock("./database", () => import("~/testing/database"));
vi.mock("~/shared/live", () => import("~/testing/live"));
vi.mock("~/shared/announce", () => ({ announce: () => undefined }));

let page: Awaited<ReturnType<typeof openEngine>>;
const never = () => deferred<object>().promise;
const keys = (name: string) => uploads().filter((one) => one.name === name).map((one) => one.key);

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  formatDisk();
  localStorage.clear();
  define("navigator", {});
  service.on("POST /images", (call) => photo(`img_${nameIn(call)}`));
  page = await openEngine();
});

test("what was on its way is sent on in its order, and under its key, so that it is not there twice", async () => {
  service.on("POST /images", never);
  await page.add(...["A.jpg", "B.jpg", "C.jpg", "D.jpg"].map((name) => file(name)));
  await pass(1_000);
  service.on("POST /images", (call) => photo(nameIn(call)));
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "done", "B.jpg": "done", "C.jpg": "done", "D.jpg": "done" });
  expect(page.store.all().map((one) => one.path)).toEqual(["A.jpg", "B.jpg", "C.jpg", "D.jpg"]);
  expect(keys("A.jpg")).toHaveLength(2);
  expect(new Set(keys("A.jpg")).size).toBe(1);
  expect(keys("D.jpg")).toHaveLength(1);
});

test("the file itself is sent, and its facts are still there", async () => {
  service.on("POST /images", never);
  await page.add(file("MUG_back.jpg", "the pixels"));
  await pass(1_000);
  service.on("POST /images", () => photo("img_1"));
  page = await openEngine();
  const form = service.to("POST /images").at(-1)!.body as FormData;
  expect(await (form.get("file") as File).text()).toBe("the pixels");
  expect([form.get("sku"), form.get("role")]).toEqual(["MUG", "back"]);
});

test("what is through stays in the list with its picture, and what failed with its reason", async () => {
  service.on("POST /images", (call) => (nameIn(call) === "A.jpg" ? photo("img_A") : problem(422, "damaged_file", { detail: "it is cut short." })));
  await page.add(file("A.jpg"), file("B.jpg"));
  await pass(1_000);
  page = await openEngine();
  expect(page.entry("A.jpg")).toMatchObject({ state: "done", photo: { id: "img_A" } });
  expect(page.entry("B.jpg")).toMatchObject({ state: "failed", wrong: { code: "damaged_file" } });
  expect(uploads()).toHaveLength(2);
});

test("a file that is stored is sent, also where the page was closed before its entry said so", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"), file("B.jpg"));
  await pass(1_000);
  for (const entry of disk().entries.values()) entry.stored = entry.path === "B.jpg";
  disk().files.delete(page.entry("B.jpg")!.id);
  service.on("POST /images", () => photo("img_1"));
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "done", "B.jpg": "lost" });
});

test("once it says that the page may be left, nothing is lost, even where the browser is ended at once", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"));
  expect(page.store.get(page.entry("A.jpg")!.id)!.stored).toBe(true);
  expect(localStorage.getItem("packshot-uploads-open")).toBe("1");
  service.on("POST /images", () => photo("img_1"));
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "done" });
});

test("leaving the page right away loses nothing that was written down", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"));
  dispatchEvent(new Event("pagehide"));
  await settle();
  service.on("POST /images", () => photo("img_1"));
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "done" });
});

test("without room in the browser, it says so, sends from memory, and after a reload asks for the file again", async () => {
  disk().full = true;
  service.on("POST /images", never);
  await page.add(file("A.jpg"), file("B.jpg"), file("C.jpg"), file("D.jpg"));
  await pass(1_000);
  expect(page.store.summary).toMatchObject({ storageFull: true, unstored: 4 });
  service.on("POST /images", (call) => photo(nameIn(call)));
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "lost", "B.jpg": "lost", "C.jpg": "lost", "D.jpg": "lost" });
  await page.add(file("B.jpg"));
  expect(page.entry("B.jpg")!.state).toBe("done");
  expect(page.store.all()).toHaveLength(4);
});

test("once files have left, the others are stored after all", async () => {
  disk().full = true;
  const answers: ReturnType<typeof deferred<object>>[] = [];
  service.on("POST /images", () => (answers.push(deferred<object>()), answers.at(-1)!.promise));
  await page.add(...Array.from({ length: 20 }, (_, at) => file(`P${at}.jpg`)));
  expect(page.store.flags.storageFull).toBe(true);
  disk().full = false;
  for (let at = 0; at < 12; at += 1) {
    answers[at]!.resolve(photo(`img_${at}`));
    await settle();
  }
  await pass(1_000);
  expect(page.store.summary).toMatchObject({ storageFull: false, unstored: 0, left: 8 });
  expect(disk().files.size).toBe(8);
});

test("another open tab's entries are its own; those of a closed one are taken over", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"));
  await pass(1_000);
  const { tab } = await import("./persistence");
  service.on("POST /images", () => photo("img_1"));
  const open = [{ name: `packshot-uploads-${tab}` }];
  define("navigator", { locks: { request: () => undefined, query: () => Promise.resolve({ held: open }) } });
  page = await openEngine();
  expect(page.states()).toEqual({});
  open.length = 0;
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "done" });
  await pass(1_000);
  expect([...disk().entries.values()].map((one) => one.tab)).toEqual([(await import("./persistence")).tab]);
});

test("another person's entries are not touched, nor shown", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"));
  await pass(1_000);
  const sent = uploads().length;
  page = await openEngine("wsp_shop usr_ben");
  expect(page.states()).toEqual({});
  expect(uploads()).toHaveLength(sent);
  expect(disk().entries.size).toBe(1);
  service.on("POST /images", () => photo("img_1"));
  page = await openEngine();
  expect(page.states()).toEqual({ "A.jpg": "done" });
});

test("where somebody else signs in on the same page, the list is theirs", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"));
  await pass(1_000);
  await page.engine.start("wsp_shop usr_ben");
  expect(page.states()).toEqual({});
});

test("finished entries go after a week, used ones at once; what waits stays for as long as it takes", async () => {
  await page.add(file("done.jpg"), file("used.jpg"));
  page.engine.pause();
  await page.add(file("waits.jpg"));
  page.store.patch(page.entry("used.jpg")!.id, { used: true });
  await pass(1_000);
  page = await openEngine();
  expect(page.states()).toEqual({ "done.jpg": "done", "waits.jpg": "done" });
  await pass(1_000);
  vi.setSystemTime(Date.now() + 8 * 86_400_000);
  service.on("POST /images", never);
  await page.add(file("late.jpg"));
  await pass(1_000);
  vi.setSystemTime(Date.now() + 8 * 86_400_000);
  page = await openEngine();
  expect(page.states()).toEqual({ "late.jpg": "checking" });
  expect([...disk().entries.values()].map((one) => one.path)).toEqual(["late.jpg"]);
});

test("the shell finds a mark while something is left to send, and none when it is sent", async () => {
  service.on("POST /images", never);
  await page.add(file("A.jpg"));
  await pass(1_000);
  expect(localStorage.getItem("packshot-uploads-open")).toBe("1");
  service.on("POST /images", () => photo("img_1"));
  page = await openEngine();
  await pass(1_000);
  expect(localStorage.getItem("packshot-uploads-open")).toBeNull();
});
