import { expect, test } from "vitest";
import { inflateSync } from "node:zlib";
import { MatteLayer } from "./layer";
import { grayPng } from "./png";

const layer = (width = 600, height = 400, level = 0) => new MatteLayer({ width, height }, new Uint8Array(width * height).fill(level));
const same = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((level, place) => level === other[place]);
const at = (one: MatteLayer, x: number, y: number): number => one.data[y * one.size.width + x]!;

test("a stroke covers what is under it, and nothing builds up", () => {
  const one = layer();
  one.begin();
  one.stroke([100, 100], [200, 100], 10, "crisp", false);
  one.stroke([100, 100], [200, 100], 10, "crisp", false);
  expect(at(one, 150, 100)).toBe(255);
  expect(at(one, 150, 108)).toBe(255);
  expect(at(one, 150, 112)).toBe(0);
  expect(at(one, 85, 100)).toBe(0);
  expect(at(one, 92, 100)).toBe(255); // its ends are round
});

test("soft and feathered brushes fall off, and erasing takes away as much", () => {
  for (const softness of ["soft", "feather"] as const) {
    const one = layer(200, 200);
    one.begin();
    one.stroke([100, 100], [100, 100], 40, softness, false);
    const profile = Array.from({ length: 45 }, (_, x) => at(one, 100 + x, 100));
    expect(profile).toEqual([...profile].sort((a, b) => b - a));
    expect(profile[0]).toBeGreaterThan(250);
    expect(new Set(profile).size).toBeGreaterThan(15);
    const other = layer(200, 200, 255);
    other.begin();
    other.stroke([100, 100], [100, 100], 40, softness, true);
    expect([...other.data].every((level, place) => level === 255 - one.data[place]!)).toBe(true);
  }
});

test("strokes are undone and done again, each as a whole, over tiles", () => {
  const one = layer();
  const states = [one.data.slice()];
  for (const y of [60, 250, 330]) {
    one.begin();
    one.stroke([20, y], [300, y], 30, "soft", false);
    one.stroke([300, y], [580, y], 30, "soft", false);
    expect(one.commit()).toBe(true);
    states.push(one.data.slice());
  }
  for (let step = 2; step >= 0; step -= 1) {
    expect(one.undo()).not.toBeNull();
    expect(same(one.data, states[step]!)).toBe(true);
  }
  expect(one.undo()).toBeNull();
  for (let step = 1; step <= 3; step += 1) {
    one.redo();
    expect(same(one.data, states[step]!)).toBe(true);
  }
  expect(one.canRedo).toBe(false);
  one.undo();
  one.begin();
  one.fill([[10, 10], [50, 10], [50, 40]], false);
  one.commit();
  expect(one.canRedo).toBe(false);
});

test("an open step can be begun anew", () => {
  const one = layer();
  one.begin();
  one.stroke([50, 50], [90, 50], 12, "crisp", false);
  one.restart();
  expect(one.data.every((level) => level === 0)).toBe(true);
  one.stroke([300, 300], [300, 300], 12, "crisp", false);
  one.commit();
  one.undo();
  expect(one.data.every((level) => level === 0)).toBe(true);
});

test("a stroke beside the photo, or a step without one, is no step", () => {
  const one = layer();
  one.begin();
  expect(one.stroke([-90, -90], [-80, -80], 20, "crisp", false)).toBeNull();
  expect(one.commit()).toBe(false);
  expect(one.canUndo).toBe(false);
});

test("an outline is filled evenly, with edges a pixel wide", () => {
  const one = layer(100, 100);
  one.begin();
  one.fill([[10, 10], [60.5, 10], [60.5, 80], [10, 80]], false);
  expect([at(one, 9, 40), at(one, 10, 40), at(one, 59, 40), at(one, 60, 40), at(one, 61, 40)]).toEqual([0, 255, 255, 128, 0]);
});

test("the edge moves by a pixel and back", () => {
  const one = layer(60, 60);
  one.begin();
  one.fill([[20, 20], [40, 20], [40, 40], [20, 40]], false);
  one.commit();
  const before = one.data.slice();
  one.begin();
  one.shift(true);
  one.commit();
  expect([at(one, 18, 30), at(one, 19, 30), at(one, 40, 30), at(one, 41, 30)]).toEqual([0, 255, 255, 0]);
  one.begin();
  one.shift(false);
  one.commit();
  expect(same(one.data, before)).toBe(true);
});

test("a gray PNG holds the levels", async () => {
  const levels = Uint8Array.from({ length: 7 * 5 }, (_, place) => (place * 37) % 256);
  const bytes = new Uint8Array(await (await grayPng(levels, 7, 5)).arrayBuffer());
  const view = new DataView(bytes.buffer);
  expect([view.getUint32(16), view.getUint32(20), bytes[24], bytes[25]]).toEqual([7, 5, 8, 0]);
  const length = view.getUint32(33);
  const rows = inflateSync(bytes.subarray(41, 41 + length));
  const found = new Uint8Array(levels.length);
  for (let y = 0; y < 5; y += 1) {
    expect(rows[y * 8]).toBe(2);
    for (let x = 0; x < 7; x += 1) found[y * 7 + x] = rows[y * 8 + 1 + x]! + (y > 0 ? found[(y - 1) * 7 + x]! : 0);
  }
  expect(found).toEqual(levels);
});
