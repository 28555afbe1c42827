/**
 * A stroke along edges: what looks like what was stroked, and hangs together with it, changes sides.
 *
 * Around the stroke two distances are measured, from the stroke and from what surely stays: a step costs more where the
 * colour is unlike the stroke's (or like it, for what stays) and where it crosses an edge. Each pixel goes to the nearer
 * one. After Bai and Sapiro 2009, "Geodesic matting".
 */
export type Strokes = {
  width: number; height: number;
  rgba: Uint8ClampedArray; // of the photo
  matte: Uint8Array;
  mask: Uint8Array; // 1 where it was stroked
  reach: number; // px: nothing further from the stroke changes
  erase: boolean;
};

const BINS = 16; // a channel
const STEP = 0.015; // what a step costs in itself, UNLIKE where the colour speaks against it, EDGE across a full edge
const UNLIKE = 1 / 16;
const EDGE = 3;
const SURE = 0.8; // of the reach: beyond it is what surely stays
const SWEEPS = 2;
const BAND = 4; // px on each side of a new edge whose coverage follows the colours
const NEAR = 9; // px from which their colours are taken

/** The matte with the stroke done. The same for the same input. */
export function along({ width, height, rgba, matte, mask, reach, erase }: Strokes): Uint8Array {
  const count = width * height;
  const mine = new Uint8Array(count); // what may change sides
  for (let at = 0; at < count; at += 1) mine[at] = Number(erase ? matte[at]! > 127 : matte[at]! <= 127);
  const away = distances(mask, width, height);
  const stays = new Uint8Array(count);
  let any = false;
  for (let at = 0; at < count; at += 1)
    if (mine[at] && away[at]! > SURE * reach) {
      stays[at] = 1;
      any = true;
    }
  const like = likeness(rgba, mask, any ? stays : mine, mask);
  const across = edges(width, height, rgba);
  const fromStroke = geodesic(width, height, across, mine, mask, like.map((share) => STEP + UNLIKE * (1 - share)));
  const fromRest = geodesic(width, height, across, mine, stays, like.map((share) => STEP + UNLIKE * share));
  const goes = new Uint8Array(count);
  for (let at = 0; at < count; at += 1)
    goes[at] = Number((mine[at] && away[at]! <= reach && (mask[at] || fromStroke[at]! < fromRest[at]!)) || (mask[at] && mine[at]));
  const share = soft(width, height, rgba, goes, mine);
  const out = matte.slice();
  for (let at = 0; at < count; at += 1) {
    if (share[at] === 0 || away[at]! > reach + BAND) continue;
    out[at] = erase ? Math.round(matte[at]! * (1 - share[at]!)) : Math.max(matte[at]!, Math.round(255 * share[at]!));
  }
  // A soft rim that is left of what went, on the side where nothing stays, goes with it.
  if (erase) {
    const kept = new Uint8Array(count);
    for (let at = 0; at < count; at += 1) kept[at] = Number(mine[at]! && !goes[at]);
    const toKept = distances(kept, width, height);
    const toGone = distances(goes, width, height);
    for (let at = 0; at < count; at += 1) if (!mine[at] && matte[at]! > 0 && toGone[at]! < toKept[at]! && toGone[at]! < 2 * BAND) out[at] = 0;
  }
  return out;
}

/** Chamfer distance to the mask, px. */
export function distances(mask: Uint8Array, width: number, height: number): Float32Array {
  const out = new Float32Array(mask.length);
  for (let at = 0; at < mask.length; at += 1) out[at] = mask[at] ? 0 : 1e9;
  const side = Math.SQRT2;
  for (let y = 0; y < height; y += 1)
    for (let x = 0, at = y * width; x < width; x += 1, at += 1) {
      let best = out[at]!;
      if (x > 0) best = Math.min(best, out[at - 1]! + 1);
      if (y > 0) {
        best = Math.min(best, out[at - width]! + 1);
        if (x > 0) best = Math.min(best, out[at - width - 1]! + side);
        if (x < width - 1) best = Math.min(best, out[at - width + 1]! + side);
      }
      out[at] = best;
    }
  for (let y = height - 1; y >= 0; y -= 1)
    for (let x = width - 1, at = y * width + x; x >= 0; x -= 1, at -= 1) {
      let best = out[at]!;
      if (x < width - 1) best = Math.min(best, out[at + 1]! + 1);
      if (y < height - 1) {
        best = Math.min(best, out[at + width]! + 1);
        if (x < width - 1) best = Math.min(best, out[at + width + 1]! + side);
        if (x > 0) best = Math.min(best, out[at + width - 1]! + side);
      }
      out[at] = best;
    }
  return out;
}

/** (pixels) [0, 1]: how much more a colour is found under `of` than under `others`, from smoothed histograms. */
function likeness(rgba: Uint8ClampedArray, of: Uint8Array, others: Uint8Array, except: Uint8Array): Float32Array {
  const mine = histogram(rgba, of, null), theirs = histogram(rgba, others, except);
  const out = new Float32Array(of.length);
  for (let at = 0; at < of.length; at += 1) {
    const bin = binOf(rgba, at);
    const [a, b] = [mine[bin]!, theirs[bin]!];
    out[at] = (a + 1e-6) / (a + b + 2e-6);
  }
  return out;
}

const binOf = (rgba: Uint8ClampedArray, at: number): number => ((rgba[4 * at]! >> 4) * BINS + (rgba[4 * at + 1]! >> 4)) * BINS + (rgba[4 * at + 2]! >> 4);

function histogram(rgba: Uint8ClampedArray, mask: Uint8Array, except: Uint8Array | null): Float32Array {
  let bins = new Float32Array(BINS ** 3);
  let total = 0;
  for (let at = 0; at < mask.length; at += 1)
    if (mask[at] && !except?.[at]) {
      bins[binOf(rgba, at)]! += 1;
      total += 1;
    }
  for (const stride of [1, BINS, BINS * BINS]) {
    const next = new Float32Array(bins.length);
    for (let at = 0; at < bins.length; at += 1) {
      const place = Math.floor(at / stride) % BINS;
      next[at] = 0.5 * bins[at]! + 0.25 * (place > 0 ? bins[at - stride]! : bins[at]!) + 0.25 * (place < BINS - 1 ? bins[at + stride]! : bins[at]!);
    }
    bins = next;
  }
  if (total > 0) for (let at = 0; at < bins.length; at += 1) bins[at]! /= total;
  return bins;
}

/** What crossing from each pixel to the next one costs: to the right, and down to the left, straight and to the right. */
function edges(width: number, height: number, rgba: Uint8ClampedArray): readonly Float32Array[] {
  return [1, width - 1, width, width + 1].map((by) => {
    const out = new Float32Array(width * height);
    for (let at = 0, to = 4 * by; to < rgba.length; at += 1, to += 4) {
      const here = 4 * at;
      out[at] = (Math.abs(rgba[here]! - rgba[to]!) + Math.abs(rgba[here + 1]! - rgba[to + 1]!) + Math.abs(rgba[here + 2]! - rgba[to + 2]!)) * (EDGE / 765);
    }
    return out;
  });
}

/** The least cost of a way from the seeds to each pixel of `inside`, by sweeps over the rows. price: of a step, by pixel. */
function geodesic(width: number, height: number, across: readonly Float32Array[], inside: Uint8Array, seeds: Uint8Array, price: Float32Array): Float32Array {
  const out = new Float32Array(inside.length).fill(1e9);
  for (let at = 0; at < inside.length; at += 1) if (seeds[at] && inside[at]) out[at] = 0;
  const [right, downLeft, down, downRight] = across as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let y = 0; y < height; y += 1)
      for (let x = 0, at = y * width; x < width; x += 1, at += 1) {
        if (!inside[at]) continue;
        const step = price[at]!;
        let best = out[at]!;
        if (x > 0) best = Math.min(best, out[at - 1]! + step + right[at - 1]!);
        if (y > 0) {
          best = Math.min(best, out[at - width]! + step + down[at - width]!);
          if (x > 0) best = Math.min(best, out[at - width - 1]! + Math.SQRT2 * step + downRight[at - width - 1]!);
          if (x < width - 1) best = Math.min(best, out[at - width + 1]! + Math.SQRT2 * step + downLeft[at - width + 1]!);
        }
        out[at] = best;
      }
    for (let y = height - 1; y >= 0; y -= 1)
      for (let x = width - 1, at = y * width + x; x >= 0; x -= 1, at -= 1) {
        if (!inside[at]) continue;
        const step = price[at]!;
        let best = out[at]!;
        if (x < width - 1) best = Math.min(best, out[at + 1]! + step + right[at]!);
        if (y < height - 1) {
          best = Math.min(best, out[at + width]! + step + down[at]!);
          if (x < width - 1) best = Math.min(best, out[at + width + 1]! + Math.SQRT2 * step + downRight[at]!);
          if (x > 0) best = Math.min(best, out[at + width - 1]! + Math.SQRT2 * step + downLeft[at]!);
        }
        out[at] = best;
      }
  }
  return out;
}

/** [0, 1]: how much of each pixel goes. At a new edge by colour, between those of what goes and of what stays nearby. */
function soft(width: number, height: number, rgba: Uint8ClampedArray, goes: Uint8Array, mine: Uint8Array): Float32Array {
  const count = width * height;
  const rest = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) rest[at] = Number(mine[at]! && !goes[at]);
  const toGoes = distances(goes, width, height), toRest = distances(rest, width, height);
  const out = new Float32Array(count);
  const deep = (mask: Uint8Array, to: Float32Array): Uint8Array => mask.map((is, at) => Number(is && to[at]! > 2));
  const own = means(width, height, rgba, deep(goes, toRest)), others = means(width, height, rgba, deep(rest, toGoes));
  for (let at = 0; at < count; at += 1) {
    const depth = goes[at] ? toRest[at]! - 0.5 : 0.5 - toGoes[at]!; // inwards; the edge lies between pixels
    const plain = Math.min(1, Math.max(0, depth / 2 + 0.5));
    out[at] = plain;
    if (!mine[at] || Math.abs(depth) > BAND || own.weight[at]! < 1e-3 || others.weight[at]! < 1e-3) continue;
    let apart = 0, on = 0;
    for (let channel = 0; channel < 3; channel += 1) {
      const between = own.colour[3 * at + channel]! - others.colour[3 * at + channel]!;
      apart += between * between;
      on += (rgba[4 * at + channel]! - others.colour[3 * at + channel]!) * between;
    }
    const proof = (apart / (apart + 40 * 40)) * Math.min(1, (BAND - Math.abs(depth)) / 2);
    const byColour = Math.min(1, Math.max(0, (on / Math.max(apart, 1e-3) - 0.1) / 0.8));
    out[at] = plain + proof * (byColour - plain);
  }
  return out;
}

/** The mean colour of the masked pixels around each one, and how many there are. */
function means(width: number, height: number, rgba: Uint8ClampedArray, mask: Uint8Array): { colour: Float32Array; weight: Float32Array } {
  const weight = blurred(width, height, Float32Array.from(mask));
  const colour = new Float32Array(3 * mask.length);
  for (let channel = 0; channel < 3; channel += 1) {
    const plane = new Float32Array(mask.length);
    for (let at = 0; at < mask.length; at += 1) plane[at] = mask[at] ? rgba[4 * at + channel]! : 0;
    const sum = blurred(width, height, plane);
    for (let at = 0; at < mask.length; at += 1) colour[3 * at + channel] = sum[at]! / Math.max(weight[at]!, 1e-6);
  }
  return { colour, weight };
}

/** The mean of a square around each pixel, by running sums. */
function blurred(width: number, height: number, plane: Float32Array): Float32Array {
  const rows = new Float32Array(plane.length), out = new Float32Array(plane.length);
  const run = (from: Float32Array, to: Float32Array, start: number, stride: number, length: number): void => {
    let sum = 0;
    for (let at = 0; at < Math.min(NEAR, length); at += 1) sum += from[start + at * stride]!;
    for (let at = 0; at < length; at += 1) {
      if (at + NEAR < length) sum += from[start + (at + NEAR) * stride]!;
      if (at - NEAR - 1 >= 0) sum -= from[start + (at - NEAR - 1) * stride]!;
      to[start + at * stride] = sum / (2 * NEAR + 1);
    }
  };
  for (let y = 0; y < height; y += 1) run(plane, rows, y * width, 1, width);
  for (let x = 0; x < width; x += 1) run(rows, out, x, width, height);
  return out;
}
