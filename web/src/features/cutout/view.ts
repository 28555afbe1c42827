/** Where a photo lies in its pane: screen = photo × scale + (x, y). Screen is CSS pixels from the pane's corner. */
export type Size = { width: number; height: number };
export type Point = readonly [x: number, y: number];
export type Box = readonly [left: number, top: number, right: number, bottom: number];
export type View = { scale: number; x: number; y: number };

const MARGIN_PX = 28; // of the pane, around the whole photo
const MOST = 8; // screen pixels to a photo's pixel: an edge's steps are seen well

export const toScreen = (view: View, [x, y]: Point): Point => [x * view.scale + view.x, y * view.scale + view.y];
export const toPhoto = (view: View, [x, y]: Point): Point => [(x - view.x) / view.scale, (y - view.y) / view.scale];
export const centre = (pane: Size): Point => [pane.width / 2, pane.height / 2];

/** The whole photo, in the middle of the pane. */
export function fitted(photo: Size, pane: Size): View {
  const room = (whole: number): number => Math.max(1, whole - 2 * MARGIN_PX);
  const scale = Math.min(room(pane.width) / photo.width, room(pane.height) / photo.height);
  return { scale, x: (pane.width - photo.width * scale) / 2, y: (pane.height - photo.height * scale) / 2 };
}

/** What is larger than the pane covers it; what is smaller lies in its middle. */
export function held(view: View, photo: Size, pane: Size): View {
  const along = (at: number, part: number, whole: number): number =>
    part + 2 * MARGIN_PX <= whole ? (whole - part) / 2 : Math.min(MARGIN_PX, Math.max(whole - part - MARGIN_PX, at));
  return { scale: view.scale, x: along(view.x, photo.width * view.scale, pane.width), y: along(view.y, photo.height * view.scale, pane.height) };
}

/** At another scale; what lies under the point `at` of the screen stays there. */
export function scaled(view: View, scale: number, at: Point): View {
  const [x, y] = toPhoto(view, at);
  return { scale, x: at[0] - x * scale, y: at[1] - y * scale };
}

/** Between the whole photo and a few screen pixels for each of its own. `one`: the scale at 100 %. */
export const within = (scale: number, fit: number, one: number): number =>
  Math.min(Math.max(MOST * one, fit), Math.max(Math.min(fit, one), scale));

/** Moves the view by as little as brings a point of the photo into sight. */
export function showing(view: View, point: Point, pane: Size): View {
  const [x, y] = toScreen(view, point);
  const by = (at: number, whole: number): number => (at < MARGIN_PX ? MARGIN_PX - at : at > whole - MARGIN_PX ? whole - MARGIN_PX - at : 0);
  return { scale: view.scale, x: view.x + by(x, pane.width), y: view.y + by(y, pane.height) };
}

/** The pixel under a point, or null beside the photo. */
export function pixelAt([x, y]: Point, photo: Size): Point | null {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  return left >= 0 && top >= 0 && left < photo.width && top < photo.height ? [left, top] : null;
}

/** The nearest pixel of the photo. */
export const nearest = ([x, y]: Point, photo: Size): Point =>
  [Math.min(photo.width - 1, Math.max(0, Math.floor(x))), Math.min(photo.height - 1, Math.max(0, Math.floor(y)))];

/** The box between two points in whole pixels, within the photo. */
export function boxOf(a: Point, b: Point, photo: Size): Box {
  const low = (one: number, other: number): number => Math.max(0, Math.floor(Math.min(one, other)));
  const high = (one: number, other: number, whole: number): number => Math.min(whole, Math.ceil(Math.max(one, other)));
  return [low(a[0], b[0]), low(a[1], b[1]), high(a[0], b[0], photo.width), high(a[1], b[1], photo.height)];
}
