import { expect, test } from "vitest";
import type { Channel } from "~/api/types";
import { BLANK, idFor, toSave, withSource } from "./channelDraft";
import { exampleOf, isPattern, rulesOf } from "./channelWords";

const channel = (more: Partial<Channel> = {}, rules: Partial<Channel["rules"]> = {}): Channel => ({ ...BLANK, ...more, rules: { ...BLANK.rules, ...rules } });

test("a short name comes from the name, and never meets another channel's", () => {
  expect(idFor("  Größe & Co: Händler!", [])).toBe("gro-e-co-handler");
  expect(idFor("Shop", ["shop", "shop-2"])).toBe("shop-3");
  const long = "a".repeat(60);
  const first = idFor(long, []);
  expect(first).toHaveLength(40);
  const second = idFor(long, [first]);
  expect(second).toHaveLength(38);
  expect(second).toMatch(/^a+-2$/);
});

test("a channel accepts the format it writes, and keeps the others that it accepts", () => {
  expect(toSave(channel({ format: "webp" }, { formats: ["jpeg"] })).rules.formats).toEqual(["jpeg", "webp"]);
  expect(toSave(channel({ format: "jpeg" }, { formats: ["png", "jpeg"] })).rules.formats).toEqual(["png", "jpeg"]);
});

test("the lowest quality is never above the quality, where the format has one", () => {
  expect(toSave(channel({ quality: 50, least_quality: 60 })).least_quality).toBe(50);
  expect(toSave(channel({ quality: 90, least_quality: 60 })).least_quality).toBe(60);
  expect(toSave(channel({ format: "png", quality: 50, least_quality: 60 })).least_quality).toBe(60);
});

test("saving tidies the name and leaves the draft as it is", () => {
  const draft = channel({ name: " Shop ", format: "avif", quality: 10 });
  const before = structuredClone(draft);
  expect(toSave(draft).name).toBe("Shop");
  expect(draft).toEqual(before);
});

test("the first source is what was typed, with today's date; its address and the others stay", () => {
  const sources = [{ words: "Old", date: "2020-01-01", address: "https://a.example" }, { words: "Other", date: "", address: "" }];
  expect(withSource(channel({ sources }), "New", "2025-05-05")).toEqual([{ words: "New", date: "2025-05-05", address: "https://a.example" }, sources[1]]);
  expect(withSource(channel({ sources }), "", "2025-05-05")).toEqual([sources[1]]);
  expect(withSource(channel(), "New", "2025-05-05")).toEqual([{ words: "New", date: "2025-05-05", address: "" }]);
  expect(withSource(channel(), "", "2025-05-05")).toEqual([]);
});

test("rules that a channel does not require are not listed", () => {
  const some = rulesOf(channel());
  const all = rulesOf(channel({}, { min_side_px: 500, max_bytes: 1_000_000, white: true, fill: [0.85, 1], product_px: 1000 }));
  expect(all.must.length + all.warns.length).toBe(10);
  expect(all.must.length + all.warns.length - some.must.length - some.warns.length).toBe(5);
  expect(rulesOf(channel({}, { max_side_px: 4_000 })).must).toHaveLength(some.must.length + 1);
  expect(rulesOf(channel({}, { fill: [0, 0.9] })).warns).toHaveLength(some.warns.length + 1);
  expect(rulesOf(channel({}, { disclosure: false })).warns).toHaveLength(some.warns.length - 1);
});

test("a rule is either required or warns", () => {
  const before = rulesOf(channel({}, { white: true, hard: [] }));
  const after = rulesOf(channel({}, { white: true, hard: ["white"] }));
  expect(before.must).toEqual([]);
  expect(after.must).toHaveLength(1);
  expect(before.warns).toContain(after.must[0]);
  expect(after.warns).not.toContain(after.must[0]);
});

test("a name pattern has known words only, and one that tells products apart", () => {
  for (const pattern of ["{sku}", "{gtin}_{role}", "shop-{asin}", "{name}", "{title}-{sku}-{channel}"]) expect(isPattern(pattern), pattern).toBe(true);
  for (const pattern of ["", "photo", "{role}", "{title}", "{sku}-{color}", "{sku", "{sku}}"]) expect(isPattern(pattern), pattern).toBe(false);
});

test("the example is a file name that every system takes", () => {
  expect(exampleOf({ id: "shop", format: "jpeg", name_pattern: "{sku}.{amazon_role}" })).toBe("MUG-201.MAIN.jpg");
  expect(exampleOf({ id: "shop", format: "tiff", name_pattern: "{title}/../{channel} {gtin}?" })).toBe("Stoneware-mug-.-shop-4006381333931.tif");
  expect(exampleOf({ id: "shop", format: "webp", name_pattern: "-{sku}---{name}-" })).toBe("MUG-201-IMG_0417.webp");
  expect(exampleOf({ id: "shop", format: "png", name_pattern: "???" })).toBe("photo.png");
});
