/** Adding files: which product they belong to, what a list says of them, and what is in the list already. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { disk, formatDisk } from "~/testing/database";
import { Away, deferred, problem } from "~/testing/service";
import { file, nameIn, openEngine, pass, photo, service, settle, uploads } from "~/testing/uploads";

vi.mock("./database", () => import("~/testing/database"));
vi.mock("~/shared/live", () => import("~/testing/live"));
vi.mock("~/shared/announce", () => ({ announce: () => undefined }));

let page: Awaited<ReturnType<typeof openEngine>>;
const csv = (path: string, ...rows: string[]) => file(path, rows.join("\n"));

beforeEach(async () => {
  vi.useFakeTimers();
  formatDisk();
  localStorage.clear();
  service.on("POST /images", (call) => photo(`img_${nameIn(call)}`, { product_id: (call.body as FormData).get("sku") ? "prd_1" : null }));
  page = await openEngine();
});

describe("the product", () => {
  test("comes from the file's name, or from its folder, or is left open", async () => {
    const { changeSettings } = await import("./settings");
    await page.add(file("shoot/MUG_back.jpg"));
    changeSettings({ way: "folder" });
    await page.add(file("CAN/front.jpg"));
    changeSettings({ way: "none", collection: "col_1" });
    await page.add(file("BEAR.jpg"));
    expect(uploads().map(({ sku, role, collection }) => [sku, role, collection])).toEqual([["MUG", "back", ""], ["CAN", "", ""], ["", "", ""]]);
  });

  test("has its photos beside each other in the list, the main one first", async () => {
    await page.add(...["B_2.jpg", "A10_2.jpg", "A9.jpg", "B.jpg", "A10.jpg"].map((name) => file(name)));
    expect(page.store.all().map((one) => one.path)).toEqual(["A9.jpg", "A10.jpg", "A10_2.jpg", "B.jpg", "B_2.jpg"]);
  });

  test("counts once, however many angles it has", async () => {
    expect(await page.add(file("MUG.jpg"), file("MUG_2.jpg"), file("CAN.jpg"))).toEqual({ files: 3, products: 2, again: 0, skipped: 0 });
  });
});

describe("what is no photo", () => {
  test("is refused by name where it was dropped itself, and skipped where it was in a folder", async () => {
    const tally = await page.add(file("notes.pdf"), file("shoot/notes.pdf"), file("shoot/.DS_Store"), file("shoot/IMG_1.X3F"), file("shoot/MUG.jpg"));
    expect(tally).toMatchObject({ files: 3, skipped: 1 });
    expect(page.states()).toEqual({ "notes.pdf": "failed", "shoot/IMG_1.X3F": "failed", "shoot/MUG.jpg": "done" });
    expect(page.entry("IMG_1.X3F")!.wrong).toMatchObject({ code: "", again: false });
  });

  test("a file that cannot be opened is shown as failed", async () => {
    await page.add({ file: null, path: "link.jpg" });
    expect(page.states()).toEqual({ "link.jpg": "failed" });
  });
});

describe("the same file again", () => {
  test("is not sent twice", async () => {
    await page.add(file("MUG.jpg"));
    expect(await page.add(file("MUG.jpg"))).toMatchObject({ files: 0, again: 1 });
    expect(uploads()).toHaveLength(1);
  });

  test("is sent where it had failed", async () => {
    service.on("POST /images", () => problem(422, "damaged_file"));
    await page.add(file("MUG.jpg"));
    service.on("POST /images", () => photo("img_1"));
    await page.add(file("MUG.jpg"));
    expect(page.states()).toEqual({ "MUG.jpg": "done" });
    expect(page.store.all()).toHaveLength(1);
  });
});

describe("a list beside the photos", () => {
  test("goes before the names, and says so where a photo is not in it", async () => {
    service.on("GET /products", () => ({ items: [{ id: "prd_1", sku: "TASSE-7", title: "", gtin: "", asin: "" }] }));
    service.on("PATCH /products/:", () => ({}));
    await page.add(csv("shoot/list.csv", "sku,file,title,role", "TASSE-7,MUG.jpg,Green mug,angle 2"), file("shoot/MUG.jpg"), file("shoot/CAN.jpg"));
    expect(uploads().map(({ name, sku, role }) => [name, sku, role]).sort()).toEqual([["CAN.jpg", "CAN", ""], ["MUG.jpg", "TASSE-7", "angle 2"]]);
    expect(page.entry("CAN.jpg")!.note).toBe("unlisted");
    expect(page.entry("list.csv")).toMatchObject({ state: "done", rows: { all: 1, here: 1, missing: [] } });
    expect(service.to("PATCH /products/:")[0]!.body).toEqual({ title: "Green mug" });
  });

  test("creates a product once, with what it says, before its photos; what a product has already stays", async () => {
    service.on("GET /products", ({ query }) => ({ items: query.get("sku") === "OLD" ? [{ id: "prd_old", sku: "OLD", title: "As it was", gtin: "1", asin: "" }] : [] }));
    service.on("POST /products", () => ({ id: "prd_new" }));
    service.on("PATCH /products/:", () => ({}));
    await page.add(csv("list.csv", "sku,file,title,gtin,asin", "NEW,a.jpg,A,,", "NEW,b.jpg,A,,", "OLD,c.jpg,Other,2,B0"), file("a.jpg"), file("b.jpg"), file("c.jpg"));
    expect(service.to("POST /products").map((call) => call.body)).toEqual([{ sku: "NEW", category: "", title: "A", gtin: "", asin: "" }]);
    expect(service.to("PATCH /products/:").map((call) => call.body)).toEqual([{ asin: "B0" }]);
    const creation = service.calls.findIndex((call) => call.path === "/products" && call.method === "POST");
    expect(service.calls.findIndex((call) => call.path === "/images" && nameIn(call) === "a.jpg")).toBeGreaterThan(creation);
  });

  test("waits for photos that are not there yet, and goes for them too", async () => {
    await page.add(csv("list.csv", "sku,file", "TASSE,MUG.jpg", "DOSE,CAN.jpg"), file("MUG.jpg"));
    expect(page.entry("list.csv")).toMatchObject({ state: "waiting", rows: { all: 2, here: 1, missing: ["CAN.jpg"] } });
    await page.add(file("CAN.jpg"));
    expect(uploads().map((one) => one.sku)).toEqual(["TASSE", "DOSE"]);
    expect(page.entry("list.csv")).toMatchObject({ state: "done", rows: { here: 2 } });
    await pass(1_000);
    expect(disk().files.size).toBe(0);
  });

  test("that is added later reaches photos that wait, and those that were sent without a product", async () => {
    const { changeSettings } = await import("./settings");
    service.on("GET /products", () => ({ items: [] }));
    service.on("POST /products", ({ body }) => ({ id: `prd_${(body as { sku: string }).sku}` }));
    service.on("PATCH /images/:", () => photo("img"));
    service.on("POST /collections/:/products", () => ({}));
    changeSettings({ way: "none", collection: "col_1" });
    await page.add(file("sent.jpg"));
    page.engine.pause();
    await page.add(file("waits.jpg"));
    await page.add(csv("list.csv", "sku,file,role", "MUG,sent.jpg,front", "CAN,waits.jpg,"));
    expect(service.to("PATCH /images/:").map(({ at, body }) => [at[1], body])).toEqual([["img_sent.jpg", { product_id: "prd_MUG", role: "front" }]]);
    expect(service.to("POST /collections/:/products")[0]!.body).toEqual({ add: ["prd_MUG"], remove: [] });
    expect(page.entry("sent.jpg")).toMatchObject({ sku: "MUG", note: "listed", photo: { product: "prd_MUG" } });
    page.engine.resume();
    await settle();
    expect(uploads().at(-1)).toMatchObject({ name: "waits.jpg", sku: "CAN", collection: "col_1" });
  });

  test("that the service refuses is put right by another, and its photos are sent after all", async () => {
    service.on("GET /products", () => ({ items: [] }));
    service.on("POST /products", ({ body }) => ((body as { gtin: string }).gtin === "13" ? problem(422, "bad_request", { detail: "gtin: its check digit is wrong." }) : { id: "prd_1" }));
    await page.add(csv("list.csv", "sku,file,gtin", "MUG,MUG.jpg,13"), file("MUG.jpg"));
    expect(uploads()).toEqual([]);
    expect(page.entry("MUG.jpg")).toMatchObject({ state: "failed", wrong: { code: "bad_request", words: "Its check digit is wrong.", again: true } });
    await page.add(csv("list.csv", "sku,file,gtin", "MUG,MUG.jpg,4006381333931"));
    expect(page.entry("MUG.jpg")!.state).toBe("done");
  });

  test("does not send a photo again that is damaged, nor move one that has its product", async () => {
    service.on("POST /images", (call) => (nameIn(call) === "BAD.jpg" ? problem(422, "damaged_file") : photo("img_1", { product_id: "prd_mug" })));
    await page.add(file("BAD.jpg"), file("MUG.jpg"));
    await page.add(csv("list.csv", "sku,file", "TASSE,MUG.jpg", "DOSE,BAD.jpg"));
    expect(page.entry("BAD.jpg")).toMatchObject({ state: "failed", sku: "DOSE" });
    expect(page.entry("MUG.jpg")).toMatchObject({ sku: "MUG", photo: { product: "prd_mug" } });
    expect(uploads()).toHaveLength(2);
  });

  test("of addresses is left to the service, and so are the rows with addresses of a mixed one", async () => {
    service.on("POST /images", (call) => (nameIn(call).endsWith(".csv") ? { id: "job_1", stages: [], done: 0, total: 0 } : photo("img_1")));
    service.on("GET /jobs/:", () => deferred<object>().promise);
    await page.add(csv("list.csv", "sku,file,url", "MUG,MUG.jpg,", "CAN,,https://shop.example/can.jpg"), file("MUG.jpg"));
    const sent = service.to("POST /images").find((call) => nameIn(call) === "list.csv")!.body as FormData;
    expect(await (sent.get("file") as File).text()).toContain("https://shop.example/can.jpg");
    expect(await (sent.get("file") as File).text()).not.toContain("MUG");
    expect(page.store.all().map((one) => [one.kind, one.state])).toEqual([["photo", "done"], ["addresses", "unpacking"], ["list", "done"]]);
  });
});

describe("a list that needs a person", () => {
  test("asks what its columns mean, and goes for its photos then", async () => {
    const { openQuestion } = await import("./asking");
    const adding = page.engine.add([csv("list.csv", "Artikel,Bild,Preis", "TASSE,MUG.jpg,9"), file("MUG.jpg")]);
    await settle();
    expect(uploads()).toEqual([]);
    expect(openQuestion()!.list.view.columns.map((one) => [one.name, one.means])).toEqual([["Artikel", null], ["Bild", null], ["Preis", null]]);
    openQuestion()!.answer({ Artikel: "sku", Bild: "file", Preis: "" });
    await settle();
    await adding;
    expect(openQuestion()).toBeNull();
    expect(uploads().map(({ name, sku }) => [name, sku])).toEqual([["MUG.jpg", "TASSE"]]);
    const said = service.to("POST /lists").map(({ body }) => (body as FormData).get("columns"));
    expect(said).toEqual([null, '{"Artikel":"sku","Bild":"file","Preis":""}']);
  });

  test("that is called off adds nothing, not even its photos under wrong names", async () => {
    const { openQuestion } = await import("./asking");
    const { CalledOff } = await import("./addFiles");
    const adding = page.engine.add([csv("list.csv", "Artikel,file", "TASSE,MUG.jpg"), file("MUG.jpg")]);
    const called = expect(adding).rejects.toBeInstanceOf(CalledOff);
    await settle();
    openQuestion()!.answer(null);
    await called;
    expect([uploads(), page.store.all()]).toEqual([[], []]);
  });

  test("that the service refuses as a whole says so itself; where the service is away nothing is sent without it", async () => {
    service.on("POST /lists", () => problem(422, "damaged_file", { detail: "list.csv: its letters cannot be told.", subject: "list.csv", remedy: "Save it as CSV UTF-8." }));
    await page.add(csv("list.csv", "x"));
    expect(page.entry("list.csv")).toMatchObject({ state: "failed", wrong: { words: "Its letters cannot be told.", remedy: "Save it as CSV UTF-8.", again: false } });
    service.on("POST /lists", () => { throw new Away(); });
    await expect(page.engine.add([csv("other.csv", "x"), file("MUG.jpg")])).rejects.toMatchObject({ status: 0 });
    expect(uploads()).toEqual([]);
  });

  test("has rows that are refused: their photos are not sent by their names, and rows without photos are shown", async () => {
    await page.add(csv("list.csv", "sku,file", "1.2E+11,MUG.jpg", "4.0E+12,GONE.jpg", "DOSE,CAN.jpg"), file("MUG.jpg"), file("CAN.jpg"));
    expect(uploads().map((one) => one.sku)).toEqual(["DOSE"]);
    expect(page.entry("MUG.jpg")).toMatchObject({ state: "failed", wrong: { words: "Row 2: the spreadsheet shortened this number.", remedy: "Enter it again." } });
    expect(page.entry("list.csv/Row 3")).toMatchObject({ kind: "member", state: "failed" });
    await page.add(csv("list.csv", "sku,file", "TASSE,MUG.jpg"), file("MUG.jpg"));
    expect(uploads().at(-1)).toMatchObject({ name: "MUG.jpg", sku: "TASSE" });
  });
});

describe("the list on the screen", () => {
  test("is cleared of what is finished, and of what a batch was made from when the next photos are added", async () => {
    service.on("POST /images", (call) => (nameIn(call) === "BAD.jpg" ? problem(422, "damaged_file") : photo(`img_${nameIn(call)}`)));
    await page.add(file("MUG.jpg"), file("BAD.jpg"));
    await pass(200);
    expect(page.engine.usablePhotos()).toEqual(["img_MUG.jpg"]);
    page.engine.markUsed();
    await page.add(file("CAN.jpg"));
    expect(page.states()).toEqual({ "BAD.jpg": "failed", "CAN.jpg": "done" });
    page.engine.pause();
    await page.add(file("BEAR.jpg"));
    page.engine.clear();
    expect(page.states()).toEqual({ "BEAR.jpg": "queued" });
  });
});
