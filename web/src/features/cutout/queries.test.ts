import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deferred, problem, Service, type Call } from "~/testing/service";
import type { Hints } from "./hints";
import { hinted, itemCounts, opened, refresh, revert, save } from "./queries";

vi.mock("~/shared/live", () => import("~/testing/live"));

const service = new Service();
const hints: Hints = [{ tool: "keep", at: [10, 20] }];
const job = (status: string, result: object = {}) => ({ id: "job_1", status, result, stages: [], error: null });
const sent = ({ body }: Call) => body as { keep: number[][]; save: boolean };
const text = async (picture: Blob | undefined) => picture?.text();
let client: QueryClient;

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient({ defaultOptions: { queries: { retryDelay: 0 } } });
  service.on("GET /matte/9", () => new Blob(["preview"]));
  service.on("POST /images/:/matte/hints", () => job("done", { matte: { url: "https://elsewhere.test/matte/9?v=1" }, findings: [] }));
  service.on("DELETE /jobs/:", () => ({}));
});
afterEach(() => (client.clear(), vi.useRealTimers()));

/** A preview is asked for, and the clock goes on until it is there. */
async function preview(with_ = hints, etag = '"one"') {
  const asked = client.fetchQuery(hinted("img_1", etag, with_));
  asked.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(300);
  return asked;
}

describe("a preview", () => {
  test("is of the hints on the cut-out that is shown, and saves nothing", async () => {
    const { picture } = await preview();
    expect(await text(picture)).toBe("preview");
    const [call] = service.to("POST /images/:/matte/hints");
    expect(call!.at[1]).toBe("img_1");
    expect(call!.headers.get("If-Match")).toBe('"one"');
    expect(sent(call!)).toEqual({ boxes: [], keep: [[10, 20]], remove: [], save: false });
  });

  test("waits until the hints settle: three in a row are one request", async () => {
    const more = [...hints, { tool: "remove", at: [1, 1] }] satisfies Hints;
    const first = client.fetchQuery(hinted("img_1", '"one"', hints));
    first.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(200);
    await client.cancelQueries({ queryKey: ["hinted"] });
    await preview(more);
    expect(service.to("POST /images/:/matte/hints")).toHaveLength(1);
    expect(service.to("DELETE /jobs/:")).toEqual([]);
  });

  test("is there at once where the same hints were tried before, as after undo and redo", async () => {
    await preview();
    await preview([]);
    await preview();
    expect(service.to("POST /images/:/matte/hints")).toHaveLength(2);
    await preview(hints, '"two"'); // on another cut-out it is another preview
    expect(service.to("POST /images/:/matte/hints")).toHaveLength(3);
  });

  test("that nobody waits for any more is cancelled in the service", async () => {
    service.on("POST /images/:/matte/hints", () => job("running"));
    const asked = preview();
    await vi.advanceTimersByTimeAsync(300);
    await client.cancelQueries({ queryKey: ["hinted"] });
    await expect(asked).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(0);
    expect(service.to("DELETE /jobs/:").map(({ at }) => at[1])).toEqual(["job_1"]);
  });

  test("is also cancelled where its request was still on the way", async () => {
    const late = deferred<object>();
    service.on("POST /images/:/matte/hints", () => late.promise);
    const asked = preview();
    await vi.advanceTimersByTimeAsync(300);
    await client.cancelQueries({ queryKey: ["hinted"] });
    await expect(asked).rejects.toThrow();
    late.resolve(job("running"));
    await vi.advanceTimersByTimeAsync(0);
    expect(service.to("DELETE /jobs/:")).toHaveLength(1);
  });

  test("that fails says why, and is not cancelled", async () => {
    service.on("POST /images/:/matte/hints", () => ({ ...job("failed"), error: problem(422, "no_object").body }));
    await expect(preview()).rejects.toMatchObject({ code: "no_object" });
    service.on("POST /images/:/matte/hints", () => problem(412, "changed"));
    await expect(preview()).rejects.toMatchObject({ status: 412 });
    service.on("POST /images/:/matte/hints", () => job("done", { matte: { url: "/matte/9" }, findings: [] }));
    service.on("GET /matte/9", () => problem(404, "not_found"));
    await expect(preview()).rejects.toMatchObject({ status: 404 });
    expect(service.to("DELETE /jobs/:")).toEqual([]);
    expect(service.to("POST /images/:/matte/hints")).toHaveLength(3);
  });
});

describe("saving", () => {
  test("sends the picture to the cut-out that it was painted on, and answers the new version", async () => {
    service.on("PUT /images/:/matte", () => ({ version: 4 }));
    expect(await save("img_1", '"one"', new Blob(["painted"]))).toBe(4);
    const [call] = service.calls;
    expect(call!.headers.get("If-Match")).toBe('"one"');
    expect(call!.headers.get("Content-Type")).toBe("image/png");
  });

  test("is refused where somebody changed the cut-out meanwhile", async () => {
    service.on("PUT /images/:/matte", () => problem(412, "changed"));
    await expect(save("img_1", '"one"', new Blob(["painted"]))).rejects.toMatchObject({ status: 412 });
  });

  test("is taken back only where nobody has saved since", async () => {
    service.on("GET /images/:/mattes", () => [{ version: 3, sha256: "three" }, { version: 4, sha256: "four" }, { version: 5, sha256: "five" }]);
    service.on("POST /images/:/matte/revert", () => ({}));
    await revert("img_1", 4, 3);
    const [call] = service.to("POST /images/:/matte/revert");
    expect(call!.headers.get("If-Match")).toBe('"four"');
    expect(call!.body).toEqual({ version: 3 });
  });

  test("reloads what shows the photo, and drops its previews only", async () => {
    client.setQueryData(["previews", "white", [], "img_1", 1], "old");
    client.setQueryData(["previews", "white", [], "img_2", 1], "other");
    client.setQueryData(["products", "prd_1"], {});
    refresh(client, "img_1");
    expect(client.getQueryData(["previews", "white", [], "img_1", 1])).toBeUndefined();
    expect(client.getQueryData(["previews", "white", [], "img_2", 1])).toBe("other");
    expect(client.getQueryState(["products", "prd_1"])?.isInvalidated).toBe(true);
  });
});

describe("opening", () => {
  const layer = (kind: string, media_type: string) => ({ kind, media_type, url: `/${kind}`, width: 30, height: 20 });

  test("shows the current cut-out, whichever version that is", async () => {
    service.on("GET /images/:/layers", () => ({
      layers: [layer("thumb", "image/jpeg"), layer("photo", "image/png")],
      mattes: [{ version: 2, sha256: "two", current: false, findings: [] }, { version: 1, sha256: "one", current: true, findings: [] }],
    }));
    service.on("GET /images/:/matte", ({ query }) => new Blob([`matte ${query.get("v")}`]));
    const photo = await client.fetchQuery(opened("img_1"));
    expect(photo).toMatchObject({ size: { width: 30, height: 20 }, source: "/photo", thumb: "/thumb", version: 1, etag: '"one"' });
    expect(await text(photo.matte?.picture)).toBe("matte 1");
  });

  test("a photo without a cut-out, or one that browsers do not show", async () => {
    service.on("GET /images/:/layers", () => ({ layers: [layer("photo", "image/heic"), layer("thumb", "image/jpeg")], mattes: [] }));
    expect(await client.fetchQuery(opened("img_1"))).toMatchObject({ source: "", thumb: "/thumb", version: 0, etag: "", matte: null });
  });

  test("says how many pictures are made again, and how many stay because they are approved", async () => {
    const statuses = ["review", "rejected", "skipped", "failed", "approved", "queued"];
    service.on("GET /items", () => ({ items: statuses.map((status, at) => ({ id: String(at), status })) }));
    expect(await client.fetchQuery(itemCounts("img_1"))).toEqual({ open: 4, approved: 1 });
  });
});
