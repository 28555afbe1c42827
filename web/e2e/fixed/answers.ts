/** What the fixed service answers, by "METHOD /path"; a screen's test puts its own over these. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiKey, ChannelView, Delivery, Export, ExportDetail, ExportPlan, ExportRequest, Job, JobKind, Member, PreviewRequest, ProblemDetails, Reason, Session, Style, Workspace } from "../../src/api/types";
import { batches, detail, failures, itemOf, items, listed, statusOf } from "./batches";
import { ago, file, findings, loose, nameAt, photo, photos, places, product, products, skuAt } from "./library";
import type { Kind } from "./pictures";

export type ServiceRequest = { at: string[]; query: URLSearchParams; body: unknown };
/** A problem is answered with its status; undefined: nothing comes back, as from a slow service. */
export type Answer = (request: ServiceRequest) => unknown;
export type Answers = Record<string, Answer>;

const shipped = JSON.parse(readFileSync(join(import.meta.dirname, "shipped.json"), "utf8")) as {
  styles: Style[]; channels: ChannelView[]; reasons: Reason[];
};
export const problem = (status: number, detail: string, remedy = "", reference = ""): ProblemDetails =>
  ({ type: "about:blank", title: "", status, detail, code: "", subject: "", remedy, errors: [], reference });
const missing = problem(404, "no such thing");

const workspace: Workspace = {
  id: "wsp_shop", name: "Nordlys & Co.", first: true,
  settings: {
    off_peak: { start: "22:00", end: "06:00", time_zone: "Europe/Berlin" }, list_columns: {}, retention_days: 30,
    watch: { style: "white", options: {}, channels: ["amazon", "shopify"], priority: "overnight" },
  },
};
export const member = (id: string, name: string, role: Member["role"], disabled = false): Member =>
  ({ id, email: `${name.split(" ")[0]!.toLowerCase()}@nordlys.example`, name, role, created_at: ago(200_000), disabled_at: disabled ? ago(900) : null });

const own: Style = {
  ...shipped.styles.find((one) => one.id === "color")!, id: "tpl_linen", name: "Our linen", words: "Warm beige for the spring campaign, with a soft, low shadow.", shipped: false, base: "color",
  chosen: { color: "#e8d9cc", shadow: 0.45 }, revision: 2, created_at: ago(4_000), updated_at: ago(4_000),
};
const styles = [...shipped.styles, own];

/** A page of a list, its cursor a place in it; how many there are in all, where the request counts. */
export function page<T>(all: readonly T[], { query }: ServiceRequest): { items: readonly T[]; next_cursor: string | null; total: number | null } {
  const [from, limit] = [Number(query.get("cursor") ?? 0), Number(query.get("limit") ?? 50)];
  return { items: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null, total: query.get("count") === "true" ? all.length : null };
}

const job = (id: string, kind: JobKind, result: Record<string, unknown> = {}): Job =>
  ({ id, kind, status: "done", stage: "", stages: [], done: 48, total: 48, image_id: null, batch_id: null, result, error: null, created_at: ago(3), done_at: ago(2) });

const exported = (id: string, to: Record<string, string>, delivered: number, failed: number, of: string, minutes: number): Export => ({
  id, status: "done", to, batch: of, batch_name: "Gifts", done: delivered + failed, total: delivered + failed, delivered, failed, left_out: [{ item: "itm_bat_decided_23", reason: "not approved" }, { item: "itm_bat_decided_22", reason: "not approved" }],
  error: "", created_by: "usr_olivia", created_at: ago(minutes), done_at: ago(minutes - 1), zip: to.kind === "zip" ? "/api/v1/files/zip" : "", zip_expires_at: to.kind === "zip" ? ago(minutes - 10_080) : null,
});
export const exports = [
  exported("job_exp_s3", { kind: "s3", destination: "dst_shop", prefix: "gifts" }, 41, 3, "bat_decided", 12), exported("job_exp_zip", { kind: "zip" }, 128, 0, "bat_sent", 9_000),
  exported("job_exp_folder", { kind: "folder", folder: "summer-sale" }, 64, 0, "bat_sent", 9_100),
];
const gifts = items.get("bat_decided") ?? [];
const planned = gifts.filter((one) => one.status === "approved").flatMap((one) => ["amazon", "shopify"].map((channel) => ({
  item: one.id, version: 1, channel, name: `${channel}/${one.sku}.jpg`, bytes: 380_000 + 9_100 * one.position, sha256: "", breaks_rule: false, replaces: "",
})));
const deliveries: Delivery[] = planned.map((one, at) => ({
  ...one, status: at % 15 === 4 ? "failed" : "delivered", error: at % 15 === 4 ? "the bucket answered “SlowDown” five times" : "", at: ago(11),
}));

export const answers: Answers = {
  "GET /session": () => ({ user: "usr_olivia", name: "Olivia Reyes", email: "olivia@nordlys.example", role: "owner", csrf: "csrf", workspace }) satisfies Session,
  "GET /workspace": () => workspace,
  "GET /members": () => [member("usr_olivia", "Olivia Reyes", "owner"), member("usr_ben", "Ben Okafor", "member"), member("usr_ida", "Ida Lund", "member"), member("usr_tom", "Tom Weiss", "member", true)],
  "GET /invites": () => [],
  "GET /keys": () => [
    { id: "key_1", name: "Shop import", scopes: ["read", "write"], created_at: ago(40_000), last_used_at: ago(14), revoked_at: null },
    { id: "key_2", name: "Studio tether", scopes: ["read", "write", "review", "admin"], created_at: ago(20_000), last_used_at: null, revoked_at: null },
    { id: "key_3", name: "Old uploader", scopes: ["write"], created_at: ago(90_000), last_used_at: ago(50_000), revoked_at: ago(45_000) },
  ] satisfies ApiKey[],
  "GET /styles": () => ({ items: styles }),
  "GET /channels": () => ({ items: shipped.channels }),
  "GET /review/reasons": () => shipped.reasons,
  "GET /collections": () => ({ items: places }),
  "GET /products": (request) => {
    const [collection, unsorted, flagged] = [request.query.get("collection_id"), request.query.get("unsorted"), request.query.get("flagged")];
    return page(products.filter((one) => (!collection || one.collections.includes(collection)) && (!unsorted || one.collections.length === 0)
      && (!flagged || one.photos.some((photo) => photo.findings.length > 0))), request);
  },
  "GET /products/:": ({ at: [, id = ""] }) => products.find((one) => one.id === id) ?? missing,
  "GET /images": (request) => {
    const collection = request.query.get("collection_id");
    const ids = request.query.getAll("ids");
    if (ids.length > 0) return page(photos.filter((one) => ids.includes(one.id)), request);
    if (request.query.get("unassigned")) return page(loose, request);
    return page(collection ? products.slice(0, 120).filter((one) => one.collections.includes(collection)).flatMap((one) => one.photos) : photos.slice(0, 300), request);
  },
  "GET /images/:": ({ at: [, id = ""] }) => photos.find((one) => one.id === id) ?? photo(Number(id.split("_")[1] ?? 0)),
  "GET /batches": (request) => page(request.query.get("state") ? listed.filter((one) => one.state === request.query.get("state")) : listed, request),
  "GET /batches/:": ({ at: [, id] }) => listed.find((one) => one.id === id) ?? missing,
  "GET /batches/:/status": ({ at: [, id] }) => { const one = listed.find((one) => one.id === id); return one ? statusOf(one) : missing; },
  "GET /batches/:/items": (request) => {
    const all = items.get(request.at[1] ?? "") ?? [];
    const [status, sku, needsLook] = [request.query.getAll("status"), request.query.get("sku"), request.query.get("needs_look")];
    return page(all.filter((one) => (status.length === 0 || status.includes(one.status)) && (!sku || one.sku === sku) && (!needsLook || one.needs_look)), request);
  },
  "GET /items": (request) => page([...items.values()].flat().filter((one) => one.photo.split("_")[1] === request.query.get("product_id")?.split("_")[1] && one.after !== "").slice(0, 4), request),
  "GET /items/:": ({ at: [, id = ""] }) => { const one = itemOf(id); return one ? detail(one) : missing; },
  "GET /failures": () => failures,
  "GET /jobs/:": ({ at: [, id = ""] }) => job(id, "batch"),
  "POST /previews": ({ body }) => {
    const { style, options, images } = body as PreviewRequest;
    const at = Number(images[0]?.split("_")[1] ?? 0);
    const guessed = ["marble", "oak", "podium"].includes(style) && at === 1 && !options?.height;
    return job("job_preview", "preview", {
      pictures: [{ url: file((style === "image" ? "gradient" : style) as Kind, nameAt(at)), findings: guessed ? [findings.camera] : [] }],
    });
  },
  "POST /images/:/generate": ({ at: [, id = ""] }) => job("job_made", "generate", { url: file("transparent", nameAt(Number(id.split("_")[1] ?? 0))) }),
  "GET /exports": (request) => page(exports, request),
  "GET /exports/:": (request) => {
    const one = exports.find((it) => it.id === request.at[1]) ?? exports[0]!;
    const { items: files, next_cursor } = page(one.failed ? deliveries : deliveries.map((it) => ({ ...it, status: "delivered", error: "" })), request);
    return { export: one, files: [...files], next_cursor } satisfies ExportDetail;
  },
  "POST /exports": ({ body }) => {
    const { channels } = body as ExportRequest;
    const files = planned.filter((one) => !channels || channels.includes(one.channel));
    const left_out = gifts.filter((one) => one.status === "rejected").map((one) => ({ item: one.id, reason: "not approved" }));
    return { files, files_total: files.length, bytes_total: files.reduce((sum, one) => sum + one.bytes, 0), left_out, left_out_total: left_out.length } satisfies ExportPlan;
  },
  "GET /destinations": (request) => page([
    { id: "dst_shop", name: "Shop photos", kind: "s3", bucket: "nordlys-shop", prefix: "products", region: "eu-central-1", endpoint: "", access_key_id: "AKIA", created_at: ago(50_000) },
  ], request),
};

/** A shop on its first day. */
export const empty: Answers = {
  ...Object.fromEntries(["/products", "/images", "/batches", "/exports", "/destinations"].map((path) => [`GET ${path}`, () => ({ items: [], next_cursor: null, total: 0 })])),
  "GET /collections": () => ({ items: [] }),
};
export { batches, product, skuAt };
