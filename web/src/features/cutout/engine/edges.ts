/** Strokes along edges for a layer: what lies around the stroke is cut out, solved beside the page, and put back. */
import type { Box, Point } from "../view";
import type { Levels } from "../pixels";
import type { Strokes } from "./along";
import type { MatteLayer } from "./layer";

/** While the hand moves, and once it is lifted. */
export const LIVE_PIXELS = 150_000;
export const FINAL_PIXELS = 1_000_000;
const REACH = 2.5; // of the brush's radius: how far from the stroke it works
const LEAST_REACH_PX = 6;
const ROOM = 1.5; // around the reach, where what stays is learnt

export type Solved = { box: Box; values: Uint8Array };

/** What a solver is given for a stroke, and where its answer belongs.  most: pixels that it is solved at. */
export function asked(layer: MatteLayer, photo: Levels, path: readonly Point[], radius: number, erase: boolean, most: number): { strokes: Strokes; box: Box } | null {
  const reach = Math.max(LEAST_REACH_PX, REACH * radius);
  const room = reach * ROOM;
  const xs = path.map(([x]) => x), ys = path.map(([, y]) => y);
  const box = layer.within([Math.min(...xs) - room, Math.min(...ys) - room, Math.max(...xs) + room, Math.max(...ys) + room]);
  if (!box) return null;
  const [wide, high] = [box[2] - box[0], box[3] - box[1]];
  const scale = Math.min(1, Math.sqrt(most / (wide * high)));
  const [width, height] = [Math.max(8, Math.round(wide * scale)), Math.max(8, Math.round(high * scale))];
  const level = photo.findLast((one) => one.share >= scale * 0.99) ?? photo[0];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context || !level) return null;
  context.drawImage(level.source, box[0] * level.share, box[1] * level.share, wide * level.share, high * level.share, 0, 0, width, height);
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const matte = new Uint8Array(width * height), mask = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, at += 1) matte[at] = layer.data[(box[1] + Math.floor(((y + 0.5) * high) / height)) * layer.size.width + box[0] + Math.floor(((x + 0.5) * wide) / width)]!;
  const thick = Math.max(0.7, radius * (width / wide));
  const placed = path.map(([x, y]) => [((x - box[0]) * width) / wide, ((y - box[1]) * height) / high] as const);
  placed.forEach((to, at) => line(mask, width, height, placed[Math.max(0, at - 1)]!, to, thick));
  return { strokes: { width, height, rgba, matte, mask, reach: reach * (width / wide), erase }, box };
}

/** The answer at the photo's size: the layer's own bytes where nothing changed, so that no edge elsewhere is scaled. */
export function answered(layer: MatteLayer, { strokes, box }: { strokes: Strokes; box: Box }, solved: Uint8Array): Solved {
  const values = layer.part(box);
  const [wide, high] = [box[2] - box[0], box[3] - box[1]];
  const { width, height } = strokes;
  const change = Float32Array.from(solved, (level, at) => level - strokes.matte[at]!);
  for (let y = 0, at = 0; y < high; y += 1) {
    const v = Math.min(height - 1, Math.max(0, ((y + 0.5) * height) / high - 0.5));
    const [top, down] = [Math.floor(v), Math.min(height - 1, Math.floor(v) + 1)];
    for (let x = 0; x < wide; x += 1, at += 1) {
      const u = Math.min(width - 1, Math.max(0, ((x + 0.5) * width) / wide - 0.5));
      const [left, right] = [Math.floor(u), Math.min(width - 1, Math.floor(u) + 1)];
      const [a, b, c, d] = [change[top * width + left]!, change[top * width + right]!, change[down * width + left]!, change[down * width + right]!];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const [s, t] = [u - left, v - top];
      const by = (a * (1 - s) + b * s) * (1 - t) + (c * (1 - s) + d * s) * t;
      values[at] = Math.round(Math.min(255, Math.max(0, values[at]! + by)));
    }
  }
  return { box, values };
}

function line(mask: Uint8Array, width: number, height: number, from: Point, to: Point, radius: number): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const [left, right] = [Math.max(0, Math.floor(Math.min(from[0], to[0]) - radius)), Math.min(width - 1, Math.ceil(Math.max(from[0], to[0]) + radius))];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(from[1], to[1]) - radius)), Math.min(height - 1, Math.ceil(Math.max(from[1], to[1]) + radius))];
  for (let y = top; y <= bottom; y += 1)
    for (let x = left; x <= right; x += 1) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const share = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      if (Math.hypot(px - share * dx, py - share * dy) <= radius) mask[y * width + x] = 1;
    }
}

/** Solves in a worker, the newest request first; one that a newer one has overtaken answers null. */
export class Solver {
  private worker: Worker | null = null;
  private waiting: { strokes: Strokes; done: (matte: Uint8Array | null) => void } | null = null;
  private busy: ((matte: Uint8Array | null) => void) | null = null;

  solve(strokes: Strokes): Promise<Uint8Array | null> {
    return new Promise((done) => {
      this.waiting?.done(null);
      this.waiting = { strokes, done };
      this.next();
    });
  }

  close(): void {
    this.worker?.terminate();
    this.waiting?.done(null);
    this.busy?.(null);
    this.worker = this.waiting = this.busy = null;
  }

  private next(): void {
    if (this.busy || !this.waiting) return;
    const { strokes, done } = this.waiting;
    this.waiting = null;
    this.busy = done;
    this.worker ??= this.start();
    this.worker.postMessage(strokes);
  }

  private start(): Worker {
    const worker = new Worker(new URL("./along.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Uint8Array>) => this.answer(data);
    worker.onerror = () => this.answer(null);
    return worker;
  }

  private answer(matte: Uint8Array | null): void {
    const done = this.busy;
    this.busy = null;
    done?.(matte);
    this.next();
  }
}
