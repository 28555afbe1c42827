/** A matte that is painted on: bytes at the photo's size, and the steps back. No React, no canvas. */
import type { Box, Point, Size } from "../view";

/** How far the coverage of a brush falls off, as a share of its radius. */
export const SOFTNESS = { crisp: 0, soft: 0.5, feather: 1 } as const;
export type Softness = keyof typeof SOFTNESS;

const TILE = 256;
const BUDGET_BYTES = 96 * 2 ** 20;
const LEAST_RIM_PX = 1; // even a crisp edge has no stairs

/** What a step changed: each tile as it was on the other side of the step. */
type Step = { tiles: Map<number, Uint8Array>; box: Box };

export const joined = (a: Box | null, b: Box): Box => (a ? [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] : b);

export class MatteLayer {
  readonly data: Uint8Array;
  private readonly columns: number;
  private open: Step | null = null;
  private past: Step[] = [];
  private future: Step[] = [];

  /** data: one byte a pixel, row by row; it is changed in place. */
  constructor(readonly size: Size, data: Uint8Array) {
    this.data = data;
    this.columns = Math.ceil(size.width / TILE);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }
  get canRedo(): boolean {
    return this.future.length > 0;
  }
  get steps(): number {
    return this.past.length;
  }

  /** Begins a step; what is painted until `commit` is undone together. */
  begin(): void {
    this.open = { tiles: new Map(), box: [0, 0, 0, 0] };
  }

  /** Ends the step. False where nothing was touched. */
  commit(): boolean {
    const step = this.open;
    this.open = null;
    if (!step || step.tiles.size === 0) return false;
    this.past.push(step);
    this.future = [];
    let bytes = 0;
    for (let at = this.past.length - 1; at >= 0; at -= 1) {
      bytes += [...this.past[at]!.tiles.values()].reduce((sum, tile) => sum + tile.length, 0);
      if (bytes > BUDGET_BYTES && at < this.past.length - 1) {
        this.past = this.past.slice(at + 1);
        break;
      }
    }
    return true;
  }

  /** Puts back what the open step has changed so far, and goes on with it. */
  restart(): Box | null {
    const step = this.open;
    if (!step || step.tiles.size === 0) return null;
    for (const [tile, bytes] of step.tiles) this.write(tile, bytes);
    const { box } = step;
    this.open = { tiles: new Map(), box: [0, 0, 0, 0] };
    return box;
  }

  undo(): Box | null {
    return this.swap(this.past, this.future);
  }
  redo(): Box | null {
    return this.swap(this.future, this.past);
  }

  /** Paints a line with a round brush. Coverage is the most (or, erasing, the least) of all strokes: nothing builds up. */
  stroke(from: Point, to: Point, radius: number, softness: Softness, erase: boolean): Box | null {
    const box = this.within([Math.min(from[0], to[0]) - radius - 1, Math.min(from[1], to[1]) - radius - 1, Math.max(from[0], to[0]) + radius + 2, Math.max(from[1], to[1]) + radius + 2]);
    if (!box) return null;
    this.keep(box);
    const [left, top, right, bottom] = box;
    const { data, size: { width } } = this;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = dx * dx + dy * dy;
    const rim = Math.max(LEAST_RIM_PX, radius * SOFTNESS[softness]);
    const inner = radius + LEAST_RIM_PX / 2 - rim;
    for (let y = top; y < bottom; y += 1) {
      const py = y + 0.5 - from[1];
      for (let x = left, at = y * width + left; x < right; x += 1, at += 1) {
        const px = x + 0.5 - from[0];
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
        const [ex, ey] = [px - along * dx, py - along * dy];
        const distance = Math.sqrt(ex * ex + ey * ey);
        const t = (distance - inner) / rim;
        if (t >= 1) continue;
        const cover = t <= 0 ? 255 : Math.round(255 * (1 - t * t * (3 - 2 * t)));
        const was = data[at]!;
        data[at] = erase ? Math.min(was, 255 - cover) : Math.max(was, cover);
      }
    }
    return box;
  }

  /** Fills an outline, even-odd, with soft edges a pixel wide. */
  fill(corners: readonly Point[], erase: boolean): Box | null {
    const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
    const box = corners.length < 3 ? null : this.within([Math.min(...xs) - 1, Math.min(...ys) - 1, Math.max(...xs) + 2, Math.max(...ys) + 2]);
    if (!box) return null;
    this.keep(box);
    const ROWS = 4;
    const row = new Float32Array(box[2] - box[0]);
    for (let y = box[1]; y < box[3]; y += 1) {
      row.fill(0);
      for (let part = 0; part < ROWS; part += 1) {
        const line = y + (part + 0.5) / ROWS;
        const cuts: number[] = [];
        corners.forEach(([ax, ay], at) => {
          const [bx, by] = corners[(at + 1) % corners.length]!;
          if (ay <= line !== by <= line) cuts.push(ax + ((line - ay) / (by - ay)) * (bx - ax));
        });
        cuts.sort((a, b) => a - b);
        for (let at = 0; at + 1 < cuts.length; at += 2) {
          const [low, high] = [Math.max(box[0], cuts[at]!), Math.min(box[2], cuts[at + 1]!)];
          for (let x = Math.floor(low); x < high; x += 1) row[x - box[0]]! += Math.max(0, Math.min(high, x + 1) - Math.max(low, x)) / ROWS;
        }
      }
      for (let x = box[0], at = y * this.size.width + x; x < box[2]; x += 1, at += 1) {
        const cover = Math.round(255 * Math.min(1, row[x - box[0]]!));
        this.data[at] = erase ? Math.min(this.data[at]!, 255 - cover) : Math.max(this.data[at]!, cover);
      }
    }
    return box;
  }

  /** Moves the whole edge outwards by a pixel, or inwards: the most, or the least, of each pixel and its neighbours. */
  shift(outwards: boolean): Box {
    const { width, height } = this.size;
    const box: Box = [0, 0, width, height];
    this.keep(box);
    const was = this.data.slice();
    const pick = outwards ? Math.max : Math.min;
    for (let y = 0; y < height; y += 1) {
      const [above, below] = [Math.max(0, y - 1) * width, Math.min(height - 1, y + 1) * width];
      for (let x = 0, at = y * width; x < width; x += 1, at += 1) {
        const here = was[at]!;
        const [up, down, back, on] = [was[above + x]!, was[below + x]!, was[x > 0 ? at - 1 : at]!, was[x < width - 1 ? at + 1 : at]!];
        if (here === up && here === down && here === back && here === on) continue;
        this.data[at] = pick(here, up, down, back, on);
      }
    }
    return box;
  }

  /** Puts bytes into a box, row by row. */
  replace(box: Box, values: Uint8Array): Box {
    this.keep(box);
    const wide = box[2] - box[0];
    for (let y = box[1]; y < box[3]; y += 1) this.data.set(values.subarray((y - box[1]) * wide, (y - box[1] + 1) * wide), y * this.size.width + box[0]);
    return box;
  }

  /** The bytes of a box, row by row. */
  part(box: Box): Uint8Array {
    const wide = box[2] - box[0];
    const out = new Uint8Array(wide * (box[3] - box[1]));
    for (let y = box[1]; y < box[3]; y += 1) out.set(this.data.subarray(y * this.size.width + box[0], y * this.size.width + box[2]), (y - box[1]) * wide);
    return out;
  }

  /** The box in whole pixels inside the photo; null where nothing of it is. */
  within([left, top, right, bottom]: Box): Box | null {
    const box: Box = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top)), Math.min(this.size.width, Math.ceil(right)), Math.min(this.size.height, Math.ceil(bottom))];
    return box[0] < box[2] && box[1] < box[3] ? box : null;
  }

  private swap(from: Step[], to: Step[]): Box | null {
    const step = from.pop();
    if (!step) return null;
    const other: Step = { tiles: new Map(), box: step.box };
    for (const [tile, bytes] of step.tiles) {
      other.tiles.set(tile, this.part(this.boxOf(tile)));
      this.write(tile, bytes);
    }
    to.push(other);
    return step.box;
  }

  /** Remembers the tiles of a box as they were before the open step. */
  private keep(box: Box): void {
    const step = this.open;
    if (!step) throw new Error("no step was begun");
    step.box = step.tiles.size === 0 ? box : joined(step.box, box);
    for (let row = Math.floor(box[1] / TILE); row * TILE < box[3]; row += 1)
      for (let column = Math.floor(box[0] / TILE); column * TILE < box[2]; column += 1) {
        const tile = row * this.columns + column;
        if (!step.tiles.has(tile)) step.tiles.set(tile, this.part(this.boxOf(tile)));
      }
  }

  private write(tile: number, bytes: Uint8Array): void {
    const [left, top, right, bottom] = this.boxOf(tile);
    for (let y = top; y < bottom; y += 1) this.data.set(bytes.subarray((y - top) * (right - left), (y - top + 1) * (right - left)), y * this.size.width + left);
  }

  private boxOf(tile: number): Box {
    const [left, top] = [(tile % this.columns) * TILE, Math.floor(tile / this.columns) * TILE];
    return [left, top, Math.min(this.size.width, left + TILE), Math.min(this.size.height, top + TILE)];
  }
}
