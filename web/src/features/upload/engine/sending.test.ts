/** Sending: in which order, how often it is tried, and what pauses it. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { disk, formatDisk } from "~/testing/database";
import { Away, deferred, problem } from "~/testing/service";
import { file, nameIn, openEngine, pass, photo, service, settle, uploads } from "~/testing/uploads";

vi.mock("./database", () => import("~/testing/database"));
vi.mock("~/shared/live", () => import("~/testing/live"));
vi.mock("~/shared/announce", () => ({ announce: () => undefined }));

let page: Awaited<ReturnType<typeof openEngine>>;
const sentAs = (name: string) => uploads().filter((one) => one.name === name).map((one) => one.key);

beforeEach(async () => {
  vi.useFakeTimers();
  formatDisk();
  localStorage.clear();
  service.on("POST /images", (call) => photo(`img_${nameIn(call)}`));
  page = await openEngine();
});

describe("order", () => {
  test("three at once, the next as soon as one is through, in the order of the list", async () => {
    const answers = new Map<string, ReturnType<typeof deferred<object>>>();
    service.on("POST /images", (call) => {
      const answer = deferred<object>();
      answers.set(nameIn(call), answer);
      return answer.promise;
    });
    await page.add(...["A.jpg", "B.jpg", "C.jpg", "D.jpg", "E.jpg"].map((name) => file(name)));
    expect(uploads().map((one) => one.name)).toEqual(["A.jpg", "B.jpg", "C.jpg"]);
    answers.get("B.jpg")!.resolve(photo("img_B"));
    await settle();
    expect(uploads().map((one) => one.name)).toEqual(["A.jpg", "B.jpg", "C.jpg", "D.jpg"]);
  });

  test("photos of one product go one after the other, the main one first", async () => {
    const answers: ReturnType<typeof deferred<object>>[] = [];
    service.on("POST /images", () => (answers.push(deferred<object>()), answers.at(-1)!.promise));
    await page.add(file("MUG_back.jpg"), file("MUG_2.jpg"), file("MUG.jpg"), file("CAN.jpg"));
    expect(uploads().map((one) => one.name)).toEqual(["CAN.jpg", "MUG.jpg"]);
    answers[1]!.resolve(photo("img_1"));
    await settle();
    expect(uploads().map((one) => one.name)).toEqual(["CAN.jpg", "MUG.jpg", "MUG_2.jpg"]);
  });

  test("one ZIP at a time, beside photos", async () => {
    service.on("POST /images", () => deferred<object>().promise);
    await page.add(file("one.zip"), file("two.zip"), file("A.jpg"));
    expect(uploads().map((one) => one.name).sort()).toEqual(["A.jpg", "one.zip"]);
  });
});

test("a photo that is through has its picture, its findings without ids, and its file is let go", async () => {
  service.on("GET /channels", () => ({ items: [{ channel: { name: "Amazon", rules: { product_px: 1600 } } }, { channel: { name: "Shop", rules: { product_px: 1000 } } }, { channel: { name: "Web", rules: { product_px: 400 } } }] }));
  service.on("POST /images", () => photo("img_1", { width: 900, height: 600, findings: [{ check: "duplicate", verdict: "warn", words: "The same as another (img_ab12).", value: 1, limit: null, unit: "" }] }));
  await page.add(file("MUG.jpg"));
  expect(page.entry("MUG.jpg")).toMatchObject({ state: "done", photo: { id: "img_1" }, stored: false });
  expect(page.entry("MUG.jpg")!.findings).toMatchObject([{ check: "small", limit: 1600, words: expect.not.stringContaining("Web") as string }, { words: "The same as another." }]);
  await pass(1_000);
  expect(disk().files.size).toBe(0);
});

describe("trying again", () => {
  test("without a connection it waits, and goes on under the same key once the service answers", async () => {
    service.on("POST /images", () => { throw new Away(); });
    service.on("GET /session", () => { throw new Away(); });
    await page.add(file("A.jpg"), file("B.jpg"));
    expect(page.store.summary.pause).toBe("away");
    const tried = uploads().length;
    await pass(60_000);
    expect(uploads().length).toBe(tried);
    service.on("POST /images", (call) => photo(nameIn(call)));
    service.on("GET /session", () => ({ user: "usr_olivia", workspace: { id: "wsp_shop" }, csrf: "new" }));
    await pass(10_000);
    expect(page.states()).toEqual({ "A.jpg": "done", "B.jpg": "done" });
    expect(new Set(sentAs("A.jpg")).size).toBe(1);
    expect(service.to("POST /images").at(-1)!.headers.get("X-CSRF-Token")).toBe("new");
  });

  test("once a file has arrived, the next loss of the connection is tried again soon", async () => {
    service.on("POST /images", () => { throw new Away(); });
    service.on("GET /session", () => { throw new Away(); });
    await page.add(file("A.jpg"));
    await pass(60_000);
    service.on("POST /images", (call) => { if (nameIn(call) === "A.jpg") return photo("img_1"); throw new Away(); });
    service.on("GET /session", () => ({ user: "usr_olivia", workspace: { id: "wsp_shop" }, csrf: "" }));
    await pass(10_000);
    expect(page.states()).toEqual({ "A.jpg": "done" });
    await page.add(file("B.jpg"));
    service.on("POST /images", () => photo("img_2"));
    await pass(1_000);
    expect(page.entry("B.jpg")!.state).toBe("done");
  });

  test("the network's return is not waited for", async () => {
    service.on("POST /images", () => { throw new Away(); });
    service.on("GET /session", () => { throw new Away(); });
    await page.add(file("A.jpg"));
    await pass(30_000);
    service.on("POST /images", () => photo("img_1"));
    service.on("GET /session", () => ({ user: "usr_olivia", workspace: { id: "wsp_shop" }, csrf: "" }));
    dispatchEvent(new Event("online"));
    await settle();
    expect(page.states()).toEqual({ "A.jpg": "done" });
  });

  test("an upload that broke off starts over under a new key, by the problem's code", async () => {
    let first = true;
    service.on("POST /images", () => (first ? ((first = false), problem(422, "incomplete_upload", { remedy: "Noch einmal senden." })) : photo("img_1")));
    await page.add(file("A.jpg"));
    expect(page.states()).toEqual({ "A.jpg": "done" });
    expect(new Set(sentAs("A.jpg")).size).toBe(2);
  });

  test("a request that is still at work is asked for again a little later, under the same key", async () => {
    let times = 0;
    service.on("POST /images", () => (++times < 4 ? problem(409, "conflict") : photo("img_1")));
    await page.add(file("A.jpg"));
    expect(times).toBe(1);
    await pass(3_000);
    expect(times).toBe(2);
    await pass(6_000);
    expect(page.states()).toEqual({ "A.jpg": "done" });
    expect(new Set(sentAs("A.jpg")).size).toBe(1);
  });

  test("a fault is tried three times in all, then it is the file's", async () => {
    service.on("POST /images", () => problem(500, "fault", { detail: "Packshot itself failed.", reference: "ab12" }));
    await page.add(file("A.jpg"));
    await pass(60_000);
    expect(uploads()).toHaveLength(3);
    expect(page.entry("A.jpg")).toMatchObject({ state: "failed", wrong: { code: "fault", reference: "ab12", again: true } });
  });

  test("what is wrong with the file itself is not tried again, and its file is let go", async () => {
    service.on("POST /images", () => problem(422, "damaged_file", { detail: "A.jpg: the file is cut short (zlib 3). Send a fresh copy of it.", subject: "A.jpg", remedy: "Send a fresh copy of it." }));
    await page.add(file("A.jpg"));
    await pass(60_000);
    expect(uploads()).toHaveLength(1);
    expect(page.entry("A.jpg")!.wrong).toEqual({ code: "damaged_file", words: "The file is cut short.", remedy: "Send a fresh copy of it.", reference: "", again: false });
    page.engine.retryAll();
    await settle();
    expect(uploads()).toHaveLength(1);
    expect(page.entry("A.jpg")!.state).toBe("failed");
    expect(disk().files.size).toBe(0);
  });

  test("a person's try goes under a new key; into the collection that is chosen now where the old one is gone", async () => {
    const { changeSettings } = await import("./settings");
    changeSettings({ collection: "col_old" });
    service.on("POST /images", (call) => ((call.body as FormData).get("collection_id") === "col_old" ? problem(404, "no_such_collection", { detail: "Die Sammlung gibt es nicht." }) : photo("img_1")));
    await page.add(file("A.jpg"));
    expect(page.entry("A.jpg")).toMatchObject({ state: "failed", wrong: { again: true } });
    changeSettings({ collection: "col_new" });
    await pass(200); // the summary follows a moment later
    page.engine.retryAll();
    await settle();
    expect(uploads().map((one) => one.collection)).toEqual(["col_old", "col_new"]);
    expect(new Set(sentAs("A.jpg")).size).toBe(2);
    expect(page.states()).toEqual({ "A.jpg": "done" });
  });

  test("after another failure it stays in its collection", async () => {
    const { changeSettings } = await import("./settings");
    changeSettings({ collection: "col_old" });
    let first = true;
    service.on("POST /images", () => (first ? ((first = false), problem(422, "bad_input", { detail: "there is no such collection." })) : photo("img_1")));
    await page.add(file("A.jpg"));
    changeSettings({ collection: "col_new" });
    await pass(200); // the summary follows a moment later
    page.engine.retryAll();
    await settle();
    expect(uploads().map((one) => one.collection)).toEqual(["col_old", "col_old"]);
  });
});

describe("pausing", () => {
  test("a person's pause stops what is being sent, and resuming starts it over under a new key", async () => {
    const bytes = deferred();
    service.bytes = bytes.promise;
    await page.add(file("A.jpg"), file("B.jpg"));
    page.engine.pause();
    await settle();
    expect(page.states()).toEqual({ "A.jpg": "queued", "B.jpg": "queued" });
    expect(page.store.fraction(page.entry("A.jpg")!.id)).toBe(0);
    bytes.resolve();
    await pass(120_000);
    expect(uploads()).toEqual([]);
    page.engine.resume();
    await settle();
    expect(page.states()).toEqual({ "A.jpg": "done", "B.jpg": "done" });
    expect(uploads().every((one) => one.key.endsWith("-1"))).toBe(true);
  });

  test("what has arrived is not stopped by a pause", async () => {
    const answer = deferred<object>();
    service.on("POST /images", () => answer.promise);
    await page.add(file("A.jpg"));
    expect(page.states()).toEqual({ "A.jpg": "checking" });
    page.engine.pause();
    answer.resolve(photo("img_1"));
    await settle();
    expect(page.states()).toEqual({ "A.jpg": "done" });
  });

  test("a full disk pauses all, says so, and goes on by itself", async () => {
    service.on("POST /images", () => problem(507, "disk_full", { detail: "the disk for uploads is full." }));
    await page.add(file("A.jpg"), file("B.jpg"));
    expect(page.store.summary).toMatchObject({ pause: "full", pauseWords: "The disk for uploads is full.", left: 2 });
    service.on("POST /images", (call) => photo(nameIn(call)));
    await pass(30_000);
    expect(page.states()).toEqual({ "A.jpg": "done", "B.jpg": "done" });
  });

  test("signed out, it waits for the same person, not for another", async () => {
    service.on("POST /images", () => problem(401, "not_signed_in"));
    service.on("GET /session", () => ({ user: "usr_ben", workspace: { id: "wsp_shop" }, csrf: "" }));
    await page.add(file("A.jpg"));
    service.on("POST /images", () => photo("img_1"));
    await pass(60_000);
    expect(page.store.summary.pause).toBe("signed-out");
    expect(uploads()).toHaveLength(1);
    service.on("GET /session", () => ({ user: "usr_olivia", workspace: { id: "wsp_shop" }, csrf: "" }));
    await pass(10_000);
    expect(page.states()).toEqual({ "A.jpg": "done" });
  });

  test("a person's pause outlasts a lost connection", async () => {
    const answer = deferred<object>();
    service.on("POST /images", async () => { await answer.promise; throw new Away(); });
    await page.add(file("A.jpg"));
    page.engine.pause();
    answer.resolve({});
    await settle();
    expect(page.store.summary.pause).toBe("person");
    await pass(60_000);
    expect(uploads()).toHaveLength(1);
  });
});

test("what is taken out of the list is not sent, or no further", async () => {
  const bytes = deferred();
  service.bytes = bytes.promise;
  await page.add(...["A.jpg", "B.jpg", "C.jpg", "D.jpg"].map((name) => file(name)));
  page.engine.remove([page.entry("A.jpg")!.id, page.entry("D.jpg")!.id]);
  bytes.resolve();
  await settle();
  expect(uploads().map((one) => one.name)).toEqual(["B.jpg", "C.jpg"]);
  expect(page.states()).toEqual({ "B.jpg": "done", "C.jpg": "done" });
});

test("a file that was moved on the disk is lost, and a lost connection is not blamed for it", async () => {
  const moved = file("A.jpg");
  service.on("POST /images", () => {
    moved.file.slice = () => { throw new DOMException("gone", "NotFoundError"); };
    throw new Away();
  });
  await page.add(moved);
  expect(page.entry("A.jpg")).toMatchObject({ state: "lost", wrong: { again: false } });
  expect(page.store.summary.pause).toBe("");
});

test("the browser asks before the page is left, while bytes are moving and no longer", async () => {
  const leaving = () => { const event = new Event("beforeunload", { cancelable: true }); dispatchEvent(event); return event.defaultPrevented; };
  const bytes = deferred();
  service.bytes = bytes.promise;
  expect(leaving()).toBe(false);
  await page.add(file("A.jpg"));
  expect(leaving()).toBe(true);
  bytes.resolve();
  await settle();
  expect(leaving()).toBe(false);
});
