import { describe, expect, test } from "vitest";
import { byFolder, byName, named } from "./skus";

describe("the product of a file name", () => {
  test.each([
    ["MUG-GREEN.jpg", "MUG-GREEN", 0, ""],
    ["MUG-GREEN_2.jpg", "MUG-GREEN", 2, ""],
    ["MUG-GREEN (3).jpg", "MUG-GREEN", 3, ""],
    ["MUG-GREEN_back.JPG", "MUG-GREEN", 50, "back"],
    ["MUG-GREEN_front.jpg", "MUG-GREEN", 0, ""],
    ["MUG-GREEN_detail_2.jpg", "MUG-GREEN", 57, "detail 2"],
    ["B0EXAMPLE1.MAIN.jpg", "B0EXAMPLE1", 0, ""],
    ["B0EXAMPLE1.PT01.jpg", "B0EXAMPLE1", 2, ""],
    ["B0EXAMPLE1.SWCH.jpg", "B0EXAMPLE1", 61, "swatch"],
    ["SHOE-7.jpg", "SHOE-7", 0, ""], // a number behind a hyphen is the SKU's own
    ["IMG_0012.jpg", "IMG_0012", 0, ""], // a camera counts in four digits
    ["Tasse grün.heic", "Tasse grün", 0, ""],
  ])("%s", (name, sku, order, role) => {
    expect(byName(name)).toEqual({ sku, role, order: role === "swatch" ? expect.any(Number) : order });
  });
});

test("by folder, the folder is the SKU and the file says which angle", () => {
  expect(byFolder("shoot/MUG-GREEN/front.jpg")).toEqual({ sku: "MUG-GREEN", order: 0, role: "" });
  expect(byFolder("shoot/MUG-GREEN/back.jpg")).toEqual({ sku: "MUG-GREEN", order: 50, role: "back" });
  expect(byFolder("MUG-GREEN.jpg").sku).toBe("MUG-GREEN");
});

test("no product is asked for, none is named", () => {
  expect(named("MUG.jpg", "none")).toBeNull();
});
