import { describe, expect, test } from "vitest";
import names from "../../../../../tests/names.json";
import { byFolder, byName, named } from "./skus";

describe("the product of a file name", () => {
  // The service reads the same names by the same table.
  test.each(names as [string, string, number, string][])("%s", (name, sku, order, role) => {
    expect(byName(name)).toEqual({ sku, role, order });
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
