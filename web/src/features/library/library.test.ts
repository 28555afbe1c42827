import { describe, expect, it } from "vitest";
import type { Place } from "~/api/types";
import { skuOf } from "./sku";
import { pathOf, rowsOf, within } from "./tree";

const place = (id: string, parent_id: string | null, kind: Place["kind"] = "collection"): Place => ({
  id, kind, name: id, parent_id, position: 0, products: 0, products_below: 0, revision: 1, created_at: "2026-01-01T00:00:00Z",
});
const places = [place("shoes", null), place("boots", "shoes"), place("laces", "boots"), place("spring", null, "season")];
const ids = (rows: { place: Place }[]) => rows.map((row) => row.place.id);

describe("the tree of places", () => {
  it("shows what is inside a place only where it is open", () => {
    expect(ids(rowsOf(places, () => false))).toEqual(["shoes", "spring"]);
    expect(ids(rowsOf(places, (id) => id === "shoes"))).toEqual(["shoes", "boots", "spring"]);
    expect(ids(rowsOf(places, () => true, (one) => one.kind === "season"))).toEqual(["spring"]);
  });
  it("keeps in sight what is inside a place that is gone", () => {
    expect(ids(rowsOf([place("left", "gone")], () => true))).toEqual(["left"]);
  });
  it("knows all that is inside, and the way down", () => {
    expect(within(places, "shoes")).toEqual(new Set(["shoes", "boots", "laces"]));
    expect(pathOf(places, "laces").map((one) => one.id)).toEqual(["shoes", "boots", "laces"]);
  });
  it("does not hang where places are inside each other", () => {
    expect(pathOf([place("a", "b"), place("b", "a")], "a").length).toBe(2);
  });
});

describe("a SKU guessed from a file's name", () => {
  it.each([
    ["SHOE-7.jpg", "SHOE-7"], ["SHOE-7_front.JPG", "SHOE-7"], ["SHOE-7 angle 2.png", "SHOE-7"], ["SHOE-700-02.tiff", "SHOE-700"], ["front.jpg", "front"],
  ])("%s gives %s", (name, sku) => expect(skuOf(name)).toBe(sku));
});
