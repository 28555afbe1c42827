/** A matte as canvases of several sizes, its levels as transparency; kept up to date box by box. */
import type { Levels } from "../pixels";
import type { Box } from "../view";
import type { MatteLayer } from "./layer";

const SMALL_PX = 700;
const MOST_PIXELS = 24e6; // of the largest canvas: four bytes each

type Level = { source: OffscreenCanvas; context: OffscreenCanvasRenderingContext2D; share: number };

export class MatteCanvases {
  readonly levels: Levels;
  private readonly all: readonly Level[];

  constructor(private readonly layer: MatteLayer) {
    const { width, height } = layer.size;
    const all: Level[] = [];
    let share = 1;
    while (width * height * share * share > MOST_PIXELS) share /= 2;
    for (;; share /= 2) {
      const source = new OffscreenCanvas(Math.ceil(width * share), Math.ceil(height * share));
      const context = source.getContext("2d", { willReadFrequently: true });
      if (!context) break;
      all.push({ source, context, share });
      if (Math.max(width, height) * share < 2 * SMALL_PX) break;
    }
    this.all = all;
    this.levels = all;
    this.update([0, 0, width, height]);
  }

  /** Draws a box of the layer anew. */
  update(box: Box): void {
    const [first, ...rest] = this.all;
    if (!first) return;
    const every = Math.round(1 / first.share);
    const [left, top] = [Math.floor(box[0] / every), Math.floor(box[1] / every)];
    const [wide, high] = [Math.min(first.source.width, Math.ceil(box[2] / every)) - left, Math.min(first.source.height, Math.ceil(box[3] / every)) - top];
    if (wide <= 0 || high <= 0) return;
    const picture = new ImageData(wide, high);
    const { data, size } = this.layer;
    for (let y = 0, to = 3; y < high; y += 1)
      for (let x = 0, at = (top + y) * every * size.width + left * every; x < wide; x += 1, at += every, to += 4) picture.data[to] = data[at]!;
    first.context.putImageData(picture, left, top);
    let above = first;
    for (const level of rest) {
      const ratio = level.share; // of the photo's own pixels
      const [l, t] = [Math.max(0, Math.floor(box[0] * ratio) - 1), Math.max(0, Math.floor(box[1] * ratio) - 1)];
      const [r, b] = [Math.min(level.source.width, Math.ceil(box[2] * ratio) + 1), Math.min(level.source.height, Math.ceil(box[3] * ratio) + 1)];
      level.context.clearRect(l, t, r - l, b - t);
      level.context.drawImage(above.source, 2 * l, 2 * t, 2 * (r - l), 2 * (b - t), l, t, r - l, b - t);
      above = level;
    }
  }
}

/** The levels of a gray picture, at the photo's size. */
export async function levelsOf(matte: Blob, size: { width: number; height: number }): Promise<Uint8Array> {
  const picture = await createImageBitmap(matte, { colorSpaceConversion: "none" });
  const out = new Uint8Array(size.width * size.height);
  const ROWS = 512; // at a time: four bytes a pixel
  const canvas = new OffscreenCanvas(size.width, Math.min(ROWS, size.height));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (let top = 0; context && top < size.height; top += ROWS) {
    const high = Math.min(ROWS, size.height - top);
    const share = picture.height / size.height;
    context.globalCompositeOperation = "copy";
    context.drawImage(picture, 0, top * share, picture.width, high * share, 0, 0, size.width, high);
    const { data } = context.getImageData(0, 0, size.width, high);
    for (let at = 0, to = top * size.width; at < data.length; at += 4, to += 1) out[to] = data[at]!;
  }
  picture.close();
  return out;
}
