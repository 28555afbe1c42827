import { expect, test } from "vitest";
import type { Item } from "~/api/types";
import { arranged, inGroup } from "./order";

const item = (id: string, more: Partial<Item>): Item => ({ id, sku: "", template: "white", position: 0, worst: 0, status: "review", needs_look: false, ...more }) as Item;

test("angles of a product stand together, where its first one stands", () => {
  const items = [item("a1", { sku: "A", position: 0 }), item("b", { sku: "B", position: 1 }), item("a2", { sku: "A", position: 2 }), item("c", { position: 3 })];
  expect(arranged(items, "fine").map((one) => one.id)).toEqual(["a1", "a2", "b", "c"]);
});

test("styles of one product are apart", () => {
  const items = [item("w1", { sku: "A", position: 0 }), item("c1", { sku: "A", style: "color", position: 1 }), item("w2", { sku: "A", position: 2 })];
  expect(arranged(items, "all").map((one) => one.id)).toEqual(["w1", "w2", "c1"]);
});

test("the worst comes first among those that need a look", () => {
  const items = [item("a", { worst: 1.1 }), item("b", { worst: 3 }), item("c", { worst: 1.4 })];
  expect(arranged(items, "look").map((one) => one.id)).toEqual(["b", "c", "a"]);
});

test("a decided picture leaves the groups that wait", () => {
  expect(inGroup.look(item("a", { needs_look: true }))).toBe(true);
  expect(inGroup.look(item("a", { needs_look: true, status: "approved" }))).toBe(false);
  expect(inGroup.decided(item("a", { status: "rejected" }))).toBe(true);
});
