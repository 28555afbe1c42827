import { beforeEach, describe, expect, test } from "vitest";
import type { Style } from "~/api/types";
import { problem, Service, type Call } from "~/testing/service";
import { create } from "./create";
import { afterCreated, initialDraft, PHOTOS, pictureMissing, problemsOf, styleChoice, toRequest, type Draft } from "./draft";

const service = new Service();
const style = (id: string, options: { name: string; kind: string; value: unknown }[] = []): Style => ({ id, name: id, options } as unknown as Style);
const STYLES = [style("white"), style("scene", [{ name: "shadow", kind: "number", value: 0 }, { name: "background", kind: "picture", value: null }])];
const draft = (more: Partial<Draft> = {}): Draft => ({ ...initialDraft({ collection: "col_1", style: "white" }), ...more });
const problemsIn = (one: Draft, count: number | null = 3, name = "Spring", busy = false) => Object.keys(problemsOf(one, { count, ids: [] }, name, STYLES, busy));

beforeEach(() => (localStorage.clear(), sessionStorage.clear()));

describe("a new batch begins", () => {
  test("with what the address says, products before a collection before photos", () => {
    expect(initialDraft({ collection: "col_1", products: "prd_1,prd_2", images: "img_1" })).toMatchObject({ kind: "products", products: ["prd_1", "prd_2"] });
    expect(initialDraft({ collection: "col_1", images: "img_1" })).toMatchObject({ kind: "collection", collection: "col_1" });
    expect(initialDraft({ images: "img_1,img_2" })).toMatchObject({ kind: "photos", photos: ["img_1", "img_2"] });
    expect(initialDraft({})).toMatchObject({ kind: "collection", collection: null, products: [], photos: [], choices: [] });
    expect(initialDraft({ products: "prd_1,", images: "" })).toMatchObject({ products: ["prd_1"], photos: [] });
    expect(initialDraft({ style: "white" }).choices).toMatchObject([{ style: "white", options: {} }]);
  });

  test("with the photos that the upload screen hands over, until a batch is created", () => {
    sessionStorage.setItem(PHOTOS, JSON.stringify(["img_7"]));
    expect(initialDraft({})).toMatchObject({ kind: "photos", photos: ["img_7"] });
    expect(initialDraft({ images: "img_1" }).photos).toEqual(["img_1"]);
    afterCreated(initialDraft({}));
    expect(initialDraft({})).toMatchObject({ kind: "collection", photos: [] });
  });

  test("with the channels of the last batch", () => {
    afterCreated(draft({ channels: ["amazon", "shop"] }));
    expect(initialDraft({}).channels).toEqual(["amazon", "shop"]);
  });

  test("with nothing where what the browser stores is damaged", () => {
    localStorage.setItem("packshot-channels", "{not json");
    sessionStorage.setItem(PHOTOS, "null");
    expect(initialDraft({})).toMatchObject({ channels: [], photos: [] });
  });

  test("with styles that can be chosen twice", () => {
    expect(styleChoice("white").key).not.toBe(styleChoice("white").key);
  });
});

describe("what is missing", () => {
  test("nothing, where there are photos, a style and a name", () => expect(problemsIn(draft())).toEqual([]));
  test("photos, while there are none, or none are known yet", () => {
    expect(problemsIn(draft(), 0)).toEqual(["products"]);
    expect(problemsIn(draft(), null)).toEqual(["products"]);
    expect(problemsIn(draft(), 3, "Spring", true)).toEqual(["products"]);
  });
  test("no photos, where a list goes along", () => {
    const upload = { name: "list.csv", file: new File([], "list.csv"), rows: 4 };
    expect(problemsIn(draft({ kind: "upload", upload }), null)).toEqual([]);
    expect(problemsIn(draft({ kind: "photos", upload }), null)).toEqual(["products"]);
    expect(problemsIn(draft({ kind: "upload", upload: { name: "a.zip", job: "job_1", images: [], refused: [] } }), 0)).toEqual(["products"]);
  });
  test("a style, or the picture that a style needs", () => {
    expect(problemsIn(draft({ choices: [] }))).toEqual(["style"]);
    expect(problemsIn(draft({ choices: [styleChoice("white"), styleChoice("scene", { shadow: 1 })] }))).toEqual(["style"]);
    expect(problemsIn(draft({ choices: [styleChoice("scene", { background: "pic_1" })] }))).toEqual([]);
    expect(pictureMissing(styleChoice("oak"), [style("oak", [{ name: "background", kind: "picture", value: "pic_2" }])])).toBe(false);
  });
  test("a name", () => expect(problemsIn(draft(), 3, "  ")).toEqual(["order"]));
});

describe("the request", () => {
  const source = (more: Partial<Draft>, images: string[] | null = null) => toRequest(draft(more), "Spring", images).source;
  test("names one source: the one that is shown", () => {
    const everything = { products: ["prd_1"], photos: ["img_1"], upload: { name: "a.zip", job: "job_1", images: ["img_9"], refused: [] } };
    expect(source({ ...everything, kind: "collection" })).toEqual({ collection: "col_1" });
    expect(source({ ...everything, kind: "products" })).toEqual({ products: ["prd_1"] });
    expect(source({ ...everything, kind: "photos" })).toEqual({ images: ["img_1"] });
    expect(source({ ...everything, kind: "upload" })).toEqual({ upload: "job_1" });
  });

  test("has the styles in order with their options, and what is ordered", () => {
    const { name, ...rest } = toRequest(
      draft({ choices: [styleChoice("scene", { background: "pic_1" }), styleChoice("white")], channels: ["shop"], priority: "urgent", refine: true, upscale: true, hold: true }), " Spring ", null,
    );
    expect(name).toBe("Spring");
    expect(rest).toMatchObject({
      styles: [{ style: "scene", options: { background: "pic_1" } }, { style: "white", options: {} }],
      channels: ["shop"], priority: "urgent", refine: true, upscale: true, hold: true, paused: false,
    });
  });
});

describe("creating", () => {
  const batch = { batch: { id: "bat_1" } };
  const sent = (): Call => service.to("POST /batches").at(-1)!;

  test("sends the same key again, so that a second try creates no second batch", async () => {
    service.on("POST /batches", () => problem(503, "busy"));
    await expect(create(draft(), "Spring", [], "key-1")).rejects.toMatchObject({ status: 503 });
    service.on("POST /batches", () => batch);
    expect(await create(draft(), "Spring", [], "key-1")).toEqual(batch);
    expect(service.calls.map(({ headers }) => headers.get("Idempotency-Key"))).toEqual(["key-1", "key-1"]);
    expect(sent().body).toMatchObject({ name: "Spring", source: { collection: "col_1" } });
  });

  test("names the photos one by one where some are left out", async () => {
    service.on("POST /batches", () => batch);
    await create(draft({ without: new Set(["img_2"]) }), "Spring", ["img_1", "img_2", "img_3"], "key-1");
    expect(sent().body).toMatchObject({ source: { images: ["img_1", "img_3"] } });
  });

  test("sends a list along with the batch, which then has no other source", async () => {
    service.on("POST /batches", () => batch);
    const file = new File(["sku\nA"], "list.csv");
    expect(await create(draft({ kind: "upload", upload: { name: "list.csv", file, rows: 1 } }), "Spring", [], "key-1")).toEqual(batch);
    const form = sent().body as FormData;
    expect((form.get("file") as File).name).toBe("list.csv");
    const request = JSON.parse(String(form.get("batch"))) as object;
    expect(request).toMatchObject({ name: "Spring", styles: [{ style: "white" }] });
    expect(request).not.toHaveProperty("source");
    expect(sent().headers.get("Idempotency-Key")).toBe("key-1");
  });

  test("sends no file where other photos are chosen, or where it is unpacked already", async () => {
    service.on("POST /batches", () => batch);
    await create(draft({ upload: { name: "list.csv", file: new File([], "list.csv"), rows: 1 } }), "Spring", [], "key-1");
    expect(sent().body).toMatchObject({ source: { collection: "col_1" } });
    await create(draft({ kind: "upload", upload: { name: "a.zip", job: "job_1", images: ["img_1"], refused: [] } }), "Spring", [], "key-2");
    expect(sent().body).toMatchObject({ source: { upload: "job_1" } });
  });
});
