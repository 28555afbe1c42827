import { expect, test } from "vitest";
import { isLarge, isRoom, MOST, toRequest, type Hints } from "./hints";

test("clicks and boxes become the request that the API takes", () => {
  const three: Hints = [{ tool: "keep", at: [10, 20] }, { tool: "remove", at: [30, 40] }, { tool: "box", box: [0, 0, 90, 80] }];
  expect(toRequest(three)).toEqual({ keep: [[10, 20]], remove: [[30, 40]], boxes: [[0, 0, 90, 80]] });
  expect(toRequest([])).toEqual({ keep: [], remove: [], boxes: [] });
});

test("there is room for as many as the service takes", () => {
  const full: Hints = Array.from({ length: MOST.box }, (_, at) => ({ tool: "box", box: [at, 0, at + 20, 20] }));
  expect(isRoom(full, "box")).toBe(false);
  expect(isRoom(full, "keep")).toBe(true);
  expect(isLarge([0, 0, 8, 8])).toBe(true);
  expect(isLarge([0, 0, 7, 400])).toBe(false);
});
