/** The fixed batches, one in each state that the screens tell apart, and their items. */
import type { Batch, BatchStatus, Failures, Flag, Item, ItemDetail, ItemVersion, Rendition } from "../../src/api/types";
import { ago, file, findings, nameAt, photo, skuAt, titleAt } from "./library";

const OLIVIA = "usr_olivia";

function batch(id: string, name: string, state: Batch["state"], counts: Record<string, number>, more: Partial<Batch> = {}): Batch {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    id, name, state, priority: "standard", styles: [{ style: "white", options: {} }], channels: ["amazon", "shopify", "master"], specification: null, counts, done: total - (counts.processing ?? 0), total,
    unmatched: [], left_out: [], flags: [], hold: false, error: "", job: `job_${id}`, revision: 3, created_by: OLIVIA, created_at: ago(42), updated_at: ago(3), started_at: ago(40), exported_at: null, ...more,
  };
}

const flag = (check: string, words: string, ats: number[]): Flag => ({ check, words, count: ats.length, photos: ats.map((at) => `img_${at}_0`) });
export const batches = {
  going: batch("bat_going", "Autumn catalog, 25 Nov", "processing", { review: 19, approved: 6, processing: 23 }),
  failing: batch("bat_failing", "Web exclusives, 25 Nov", "review", { review: 36, failed: 8, approved: 4 }, {
    left_out: [{ check: "duplicate", words: "The same as another photo of its product, such as “IMG_2044 (1).jpg” and “IMG_2044.jpg”.", count: 2, photos: ["img_3_0", "img_8_0"] }],
    unmatched: [{ name: "row 14: MUG-GREY", reason: "no photo of this SKU" }, { name: "lookbook.pdf", reason: "this is no photo" }],
  }),
  held: batch("bat_held", "Spring 2027, first delivery", "validating", { processing: 48 }, {
    hold: true, started_at: null,
    flags: [
      flag("blur", findings.blur.words, [4, 15, 26, 37]), flag("border", findings.border.words, [7]), flag("small for Amazon main image", findings.small.words, [9, 21]),
    ],
  }),
  review: batch("bat_review", "Kitchen and table, 24 Nov", "review", { review: 31, approved: 6, rejected: 2, skipped: 1 }, { created_at: ago(1_300), channels: ["amazon", "shopify", "web", "master"] }),
  few: batch("bat_few", "Six for the newsletter", "review", { review: 6 }, { created_at: ago(1_500), styles: [{ style: "marble", options: {} }] }),
  large: batch("bat_large", "The whole shop, new background", "review", { review: 2_000 }, { created_at: ago(2_000), priority: "overnight" }),
  decided: batch("bat_decided", "Gifts under 30", "approved", { approved: 22, rejected: 2 }, { created_at: ago(2_900), channels: ["amazon", "shopify"] }),
  sent: batch("bat_sent", "Summer sale, last photos", "exported", { approved: 64 }, { created_at: ago(9_800), exported_at: ago(9_000) }),
};
export const listed = Object.values(batches);

const BAD = [[findings.edges, findings.uncertain], [findings.fill], [findings.shadow], [findings.uncertain]];

function item(of: Batch, at: number, status: Item["status"], more: Partial<Item> = {}): Item {
  const name = nameAt(at);
  const style = of.styles[0]!.style as "white" | "marble";
  const bad = of !== batches.few && (status === "review" || status === "rejected") && at % 7 === 3 ? BAD[Math.floor(at / 7) % BAD.length]! : of === batches.few && at === 0 ? [findings.camera] : [];
  const finished = status !== "processing" && status !== "failed";
  return {
    id: `itm_${of.id}_${at}`, batch: of.id, batch_name: of.name, photo: `img_${at}_0`, photo_name: photo(at).name, sku: skuAt(at), title: titleAt(at), role: "main", style, status,
    stage: finished ? "" : status === "failed" ? "segment" : at % 3 ? "segment" : "generate", version: 1, position: at, priority: "standard", needs_look: bad.some((one) => one.verdict !== "ok"), worst: bad.filter((one) => one.verdict !== "ok").length, attempts: 0,
    findings: [...bad], error: null, not_before: null, created_at: ago(40), touched_at: ago(5), done_at: finished ? ago(5) : null,
    thumb: file("thumb", name), before: file("photo", name), after: finished ? file(style, name) : "", ...more,
  };
}

/** In the order of the counts, so that they agree with what is listed. */
function filled(of: Batch): Item[] {
  const order: Item["status"][] = ["approved", "review", "rejected", "skipped", "failed", "processing"];
  const states = order.flatMap((status) => Array.from({ length: of.counts[status] ?? 0 }, () => status));
  return states.map((status, at) => item(of, at, status, status === "failed" ? { error: { cause: at % 4 ? "damaged_file" : "out_of_memory", reason: "", at: ago(9) } } : {}));
}
export const items: ReadonlyMap<string, Item[]> = new Map(listed.map((one) => [one.id, filled(one)]));
export const itemOf = (id: string): Item | undefined => [...items.values()].flat().find((one) => one.id === id);

export const statusOf = (one: Batch): BatchStatus => ({
  id: one.id, revision: one.revision, state: one.state, counts: one.counts, stages: one.state === "processing" ? { segment: 14, generate: 6, export: 3 } : {}, done: one.done, total: one.total,
  seconds_left: one.state === "processing" ? { low: 130, high: 240 } : null, waits_until: null, failures: [], percent: one.total ? Math.floor((100 * one.done) / one.total) : 0, images: [], next_cursor: null,
});

export const failures: Failures = {
  groups: [
    { cause: "damaged_file", count: 6, reason: "the file is cut short", batches: ["bat_failing"] }, { cause: "out_of_memory", count: 2, reason: "not enough memory", batches: ["bat_failing"] },
  ],
  items: (items.get("bat_failing") ?? []).filter((one) => one.error).map((one) => ({
    id: one.id, kind: "item", name: one.photo_name, batch: one.batch, stage: "segment", version: 1, attempts: 3, cause: one.error!.cause, reason: one.error!.reason, stack: null, at: ago(9),
  })),
  jobs: [], next_cursor: null,
};

/** With its files, and a version before it that was rejected. */
export function detail(one: Item): ItemDetail {
  const rendition = (channel: string, side: number): Rendition => ({
    channel, name: `${one.sku}.jpg`, sha256: "", bytes: 412_000, width: side, height: side, format: "jpeg", quality: 92, disclosure: "", rejected: false, findings: [], url: one.after,
  });
  const version = (number: number, more: Partial<ItemVersion>): ItemVersion => ({
    version: number, reason: "", changed: [], style: one.style, style_name: one.style === "white" ? "Pure white" : "Marble counter", options: {}, channels: ["amazon", "shopify", "master"],
    refined: false, upscaled: false, uncertainty: 0.01, findings: one.findings, touched_product: [], steps: [],
    renditions: [rendition("master", 3_024), rendition("amazon", 2_048), rendition("shopify", 2_048)], created_at: ago(30), done_at: ago(28), before: one.before, after: one.after, ...more,
  });
  const second = version(2, {
    reason: "shadow_unnatural", created_at: ago(6), changed: [
      { parameter: "shadow.strength", before: 0.6, after: 0.36, why: "" }, { parameter: "shadow.softness", before: 1, after: 1.4, why: "" },
    ],
  });
  return {
    ...one, version: 2, versions: [version(1, { findings: [findings.shadow] }), second],
    decisions: [
      { act: "act_1", version: 1, decision: "reject", reason: "shadow_unnatural", note: "It floats a little.", by: "usr_ben", at: ago(7), undone_at: null },
    ],
  };
}
