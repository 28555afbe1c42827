import { expect, test } from "vitest";
import { toRequest, EMPTY, changed, withBox, isLarge, isRoom, MOST, moved, withPoint, redone, undone, without } from "./hints";

const three = withBox(withPoint(withPoint(EMPTY, "keep", [10, 20]), "remove", [30, 40]), [0, 0, 90, 80]);

test("hints become the request that the API takes", () => {
  expect(toRequest(three.now)).toEqual({ keep: [[10, 20]], remove: [[30, 40]], boxes: [[0, 0, 90, 80]] });
  expect(toRequest([])).toEqual({ keep: [], remove: [], boxes: [] });
});

test("undo goes back to the start and no further, redo to the end", () => {
  const back = undone(undone(undone(three)));
  expect(back.now).toEqual([]);
  expect(undone(back)).toEqual(back);
  const forth = redone(redone(redone(back)));
  expect(forth.now).toEqual(three.now);
  expect(redone(forth)).toEqual(forth);
  expect(forth).toEqual(three);
});

test("a change after an undo leaves nothing to redo", () => {
  const other = withPoint(undone(three), "keep", [1, 1]);
  expect(other.future).toEqual([]);
  expect(redone(other)).toEqual(other);
  expect(toRequest(other.now).boxes).toEqual([]);
});

test("clearing, deleting and moving are steps that can be undone", () => {
  const [keep] = three.now;
  for (const now of [[], without(three.now, keep!.id), moved(three.now, keep!.id, [11, 21])]) {
    const next = changed(three, now);
    expect(next.now).toEqual(now);
    expect(undone(next).now).toEqual(three.now);
  }
});

test("what changes nothing is no step", () => {
  expect(changed(EMPTY, [])).toBe(EMPTY);
  expect(changed(three, moved(three.now, three.now[0]!.id, [10, 20]))).toBe(three);
});

test("a hint that was undone keeps its id for itself", () => {
  const back = undone(three);
  const both = withPoint(changed(back, without(back.now, back.now[0]!.id)), "keep", [5, 5]);
  expect(back.future[0]!.at(-1)!.id).toBe(3);
  expect(both.now.map((one) => one.id)).toEqual([2, 3]); // nothing can bring the undone one back any more
  expect(withPoint(both, "keep", [6, 6]).now.map((one) => one.id)).toEqual([2, 3, 4]);
  const deleted = changed(three, without(three.now, 3));
  expect(withPoint(deleted, "keep", [5, 5]).now.map((one) => one.id)).toEqual([1, 2, 4]);
});

test("there is room for as many as the service takes", () => {
  let full = EMPTY;
  for (let at = 0; at < MOST.box; at += 1) full = withBox(full, [at, 0, at + 20, 20]);
  expect(isRoom(full.now, "box")).toBe(false);
  expect(isRoom(full.now, "keep")).toBe(true);
  expect(isLarge([0, 0, 8, 8])).toBe(true);
  expect(isLarge([0, 0, 7, 400])).toBe(false);
});
