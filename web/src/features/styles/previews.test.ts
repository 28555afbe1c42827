import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { define } from "~/testing/page";
import { Away, deferred, problem, Service, type Call } from "~/testing/service";
import { preview, type Chosen } from "./previews";

vi.mock("~/shared/live", () => import("~/testing/live"));
define("FileReader", class {
  onload?: () => void;
  result = "";
  readAsDataURL = (picture: Blob) => void picture.text().then((text) => ((this.result = `data:${text}`), this.onload?.()));
});

const service = new Service();
const RENDERED = "oak"; // a set that has a picture of its own
const photo = { id: "img_1", matte_version: 1 };
const finding = { check: "fit", verdict: "warn", words: "" };
const order = (): string[] => service.to("POST /previews").map(({ body }) => String((body as { style: string }).style));
const done = (url = "/picture/1") => ({ id: "job_1", status: "done", stages: [], error: null, result: { pictures: [{ url, findings: [finding] }] } });
let client: QueryClient;
const render = (base: string, cover = false, chosen: Chosen = {}) => client.fetchQuery(preview(base, chosen, photo, cover));
const settle = async (): Promise<void> => {
  for (let times = 0; times < 20; times += 1) await new Promise((resolve) => setImmediate(resolve));
};

beforeEach(() => {
  client = new QueryClient({ defaultOptions: { queries: { retryDelay: 0 } } });
  service.on("POST /previews", () => done());
  service.on("GET /picture/1", () => new Blob(["one"]));
});
afterEach(() => client.clear());

test("a preview is the picture itself with its findings", async () => {
  expect(await render("white", false, { shadow: 1 })).toEqual({ src: "data:one", findings: [finding] });
  expect(service.to("POST /previews")[0]!.body).toEqual({ style: "white", options: { shadow: 1 }, images: ["img_1"] });
});

test("what is see-through is rendered as a PNG, not as a preview's JPEG", async () => {
  service.on("POST /images/:/generate", () => ({ ...done(), result: { url: "/picture/1", findings: [] } }));
  expect((await render("transparent")).src).toBe("data:one");
  expect(service.to("POST /images/:/generate")[0]!.body).toMatchObject({ style: "transparent", format: "png" });
});

test("one is rendered at a time; what a person works on comes before covers, and rendered sets' covers come last", async () => {
  const first = deferred();
  service.on("POST /previews", async ({ body }: Call) => {
    if ((body as { style: string }).style === "first") await first.promise;
    return done();
  });
  const all = [render("first"), render(RENDERED, true), render("cover", true), render("mine"), render("cover2", true)];
  await settle();
  expect(order()).toEqual(["first"]);
  first.resolve();
  await Promise.all(all);
  expect(order()).toEqual(["first", "mine", "cover", "cover2", RENDERED]);
});

test("what nobody waits for any more is not rendered, and holds up nothing", async () => {
  const first = deferred();
  service.on("POST /previews", async () => (await first.promise, done()));
  const all = [render("first"), render("dropped"), render("next")];
  await settle();
  await client.cancelQueries({ predicate: ({ queryKey }) => queryKey[1] === "dropped" });
  first.resolve();
  await Promise.allSettled(all);
  expect(order()).toEqual(["first", "next"]);
});

test("one that fails does not stop the next; only an unreachable service is tried again", async () => {
  service.on("POST /previews", ({ body }) => ((body as { style: string }).style === "bad" ? problem(422, "bad_option") : done()));
  const results = await Promise.allSettled([render("bad"), render("good")]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(order()).toEqual(["bad", "good"]);
  service.on("POST /previews", () => done("/picture/gone"));
  service.on("GET /picture/gone", () => problem(404, "not_found"));
  await expect(render("gone")).rejects.toMatchObject({ status: 404 });
  let times = 0;
  service.on("POST /previews", () => {
    times += 1;
    if (times < 3) throw new Away();
    return done();
  });
  expect((await render("away")).src).toBe("data:one");
  expect(times).toBe(3);
});

test("the same options in another order are the same preview; another cut-out is another one", async () => {
  await render("white", false, { a: 1, b: 2 });
  await render("white", false, { b: 2, a: 1 });
  expect(order()).toHaveLength(1);
  await client.fetchQuery(preview("white", { a: 1, b: 2 }, { ...photo, matte_version: 2 }));
  expect(order()).toHaveLength(2);
});
