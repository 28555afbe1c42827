import { expect, test } from "vitest";
import { along, distances } from "./along";

const [WIDTH, HEIGHT] = [240, 180];
type Shape = (x: number, y: number) => boolean;
const plane = (is: Shape): Uint8Array => Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => Number(is(at % WIDTH, Math.floor(at / WIDTH))));
const bag: Shape = (x, y) => x > 70 && x < 150 && y > 40 && y < 150;
const arm: Shape = (x, y) => x >= 150 && x < 220 && y > 80 && y < 110;

/** A gray bag before white, an arm beside it; noisy, as a photo is. */
function photo(): Uint8ClampedArray {
  const out = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  let random = 1;
  for (let at = 0; at < WIDTH * HEIGHT; at += 1) {
    const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
    const colour = bag(x, y) ? [70, 75, 90] : arm(x, y) ? [205, 150, 125] : [235, 235, 232];
    for (let channel = 0; channel < 3; channel += 1) {
      random = (random * 1103515245 + 12345) % 2 ** 31;
      out[4 * at + channel] = colour[channel]! + (random / 2 ** 31 - 0.5) * 16;
    }
    out[4 * at + 3] = 255;
  }
  return out;
}

function iou(found: Uint8Array, right: Uint8Array): number {
  let both = 0, either = 0;
  for (let at = 0; at < found.length; at += 1) {
    const [a, b] = [found[at]! > 127, right[at]! > 0];
    both += Number(a && b);
    either += Number(a || b);
  }
  return both / either;
}

const dab = (x0: number, y0: number, x1: number, radius: number): Uint8Array => plane((x, y) => x >= x0 - radius && x <= x1 + radius && Math.abs(y - y0) <= radius);

test("a stroke over an arm takes the arm, and leaves the bag to its edge", () => {
  const both = plane((x, y) => bag(x, y) || arm(x, y)).map((one) => 255 * one);
  const found = along({ width: WIDTH, height: HEIGHT, rgba: photo(), matte: both, mask: dab(175, 95, 200, 6), reach: 60, erase: true });
  expect(iou(found, plane(bag))).toBeGreaterThan(0.985);
  expect(found[95 * WIDTH + 210]).toBe(0);
});

test("a stroke over a missing part brings it back to its edge", () => {
  const half = plane((x, y) => bag(x, y) && y < 110).map((one) => 255 * one);
  const found = along({ width: WIDTH, height: HEIGHT, rgba: photo(), matte: half, mask: dab(90, 128, 130, 7), reach: 70, erase: false });
  expect(iou(found, plane(bag))).toBeGreaterThan(0.985);
});

test("nothing changes out of reach, and where nothing was stroked", () => {
  const both = plane((x, y) => bag(x, y) || arm(x, y)).map((one) => 255 * one);
  const mask = dab(212, 95, 214, 2);
  const found = along({ width: WIDTH, height: HEIGHT, rgba: photo(), matte: both, mask, reach: 15, erase: true });
  const away = distances(mask, WIDTH, HEIGHT);
  expect([...found].every((level, at) => away[at]! < 22 || level === both[at])).toBe(true);
  expect(along({ width: WIDTH, height: HEIGHT, rgba: photo(), matte: both, mask: new Uint8Array(WIDTH * HEIGHT), reach: 15, erase: true })).toEqual(both);
});

test("what was stroked always goes, whatever its colour", () => {
  const whole = plane(bag).map((one) => 255 * one);
  const mask = dab(100, 100, 110, 5);
  const found = along({ width: WIDTH, height: HEIGHT, rgba: photo(), matte: whole, mask, reach: 12, erase: true });
  expect(found[100 * WIDTH + 105]).toBe(0);
  expect(found[60 * WIDTH + 105]).toBe(255);
});
