import { expect, test } from "vitest";
import { boxOf, fitted, held, nearest, pixelAt, scaled, showing, toPhoto, toScreen, within } from "./view";

const photo = { width: 2000, height: 1500 };
const pane = { width: 856, height: 656 };

test("the whole photo lies in the middle, and points come back from the screen as they went", () => {
  const view = fitted(photo, pane);
  expect(view).toEqual({ scale: 0.4, x: 28, y: 28 });
  expect(toScreen(view, [2000, 1500])).toEqual([828, 628]);
  for (const point of [[0, 0], [1999.5, 3.25], [412, 230]] as const) {
    const [x, y] = toPhoto(view, toScreen(view, point));
    expect(x).toBeCloseTo(point[0], 9);
    expect(y).toBeCloseTo(point[1], 9);
  }
});

test("zooming leaves the point under the pointer where it is", () => {
  const view = fitted(photo, pane);
  const under = toPhoto(view, [300, 200]);
  const closer = scaled(view, 1.6, [300, 200]);
  expect(toScreen(closer, under)).toEqual([300, 200]);
  expect(toPhoto(closer, [300, 200])).toEqual(under);
});

test("a photo that is larger than the pane cannot be lost, a smaller one lies in the middle", () => {
  expect(held({ scale: 1, x: 900, y: -4000 }, photo, pane)).toEqual({ scale: 1, x: 28, y: 656 - 1500 - 28 });
  expect(held({ scale: 0.1, x: 900, y: -4000 }, photo, pane)).toEqual({ scale: 0.1, x: 328, y: 253 });
});

test("the scale stays between the whole photo and eight pixels for one", () => {
  expect(within(0.01, 0.4, 1)).toBe(0.4);
  expect(within(50, 0.4, 1)).toBe(8);
  expect(within(0.5, 3, 1)).toBe(1); // a small photo may be seen at 100 %, smaller than it fits
  expect(within(2, 0.4, 0.5)).toBe(2);
});

test("the view follows a point out of the pane and no further", () => {
  const view = { scale: 1, x: 0, y: 0 };
  expect(showing(view, [400, 300], pane)).toEqual(view);
  expect(showing(view, [900, 10], pane)).toEqual({ scale: 1, x: 856 - 28 - 900, y: 18 });
});

test("a point is a pixel of the photo, or none", () => {
  expect(pixelAt([1999.9, 0], photo)).toEqual([1999, 0]);
  expect(pixelAt([2000, 0], photo)).toBeNull();
  expect(pixelAt([-0.1, 5], photo)).toBeNull();
  expect(nearest([2400, -7], photo)).toEqual([1999, 0]);
});

test("a box may be drawn from any corner and over the edge", () => {
  const whole = [100, 200, 701, 901];
  expect(boxOf([700.2, 200.9], [100.4, 900.1], photo)).toEqual(whole);
  expect(boxOf([100.4, 900.1], [700.2, 200.9], photo)).toEqual(whole);
  expect(boxOf([-50, -50], [2600, 1700], photo)).toEqual([0, 0, 2000, 1500]);
});
