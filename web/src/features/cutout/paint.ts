/** Draws a photo with its cut-out into a canvas of the pane's size: what is out of sight is not drawn. */
import { levelAt, type Levels } from "./pixels";
import type { Size, View } from "./view";

export type Backing = "photo" | "checker" | "white" | "black" | "magenta";
export const BACKINGS: readonly Backing[] = ["photo", "checker", "white", "black", "magenta"];

const PLAIN: Partial<Record<Backing, string>> = { white: "#ffffff", black: "#000000", magenta: "#ff00ff" };
const CHECKER_PX = 10;
const OUTLINE = [[3, "#000000b3"], [1.5, "#ffffff"]] as const; // light within dark, to be seen on anything
const AROUND = Array.from({ length: 8 }, (_, at) => [Math.cos((at * Math.PI) / 4), Math.sin((at * Math.PI) / 4)] as const);

const scratch: OffscreenCanvas[] = [];
/** An empty canvas of that size; the same ones each time. */
function blank(at: number, { width, height }: Size): OffscreenCanvasRenderingContext2D | null {
  const canvas = (scratch[at] ??= new OffscreenCanvas(width, height));
  Object.assign(canvas, { width, height }); // which empties it
  return canvas.getContext("2d");
}

/** photo, matte: see `Levels`.  matte null: the photo alone.  checker: the two colours of the checkerboard. */
export function paint(canvas: HTMLCanvasElement, { photo, matte, view, size, backing, checker }: {
  photo: Levels; matte: Levels | null; view: View; size: Size; backing: Backing; checker: readonly [string, string];
}): void {
  const context = canvas.getContext("2d");
  const dense = devicePixelRatio;
  const scale = view.scale * dense;
  const [x, y, width, height] = [view.x * dense, view.y * dense, size.width * scale, size.height * scale] as const;
  const level = levelAt(photo, scale);
  if (!context || !level) return;
  // The part of the photo that is in the pane, in the photo's pixels, and a pixel more on each side.
  const [left, top] = [Math.max(0, Math.floor(-x / scale) - 1), Math.max(0, Math.floor(-y / scale) - 1)];
  const [right, bottom] = [Math.min(size.width, Math.ceil((canvas.width - x) / scale) + 1), Math.min(size.height, Math.ceil((canvas.height - y) / scale) + 1)];
  const put = (on: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, { source, share }: Levels[number]): void => {
    on.imageSmoothingEnabled = scale < 3; // zoomed in further, the pixels themselves are of interest
    on.drawImage(source, left * share, top * share, (right - left) * share, (bottom - top) * share, x + left * scale, y + top * scale, (right - left) * scale, (bottom - top) * scale);
  };
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, canvas.width, canvas.height);

  if (backing === "photo") put(context, level);
  if (backing === "photo" && matte) dim(context, x, y, width, height);
  if (backing === "checker") squares(context, x, y, width, height, checker, CHECKER_PX * dense);
  const plain = PLAIN[backing];
  if (plain) {
    context.fillStyle = plain;
    context.fillRect(x, y, width, height);
  }
  const fine = matte && levelAt(matte, scale);
  const [mask, product, line] = [blank(0, canvas), blank(1, canvas), blank(2, canvas)];
  if (!fine || !mask || !product || !line) return;

  put(mask, fine);
  put(product, level);
  product.globalCompositeOperation = "destination-in";
  product.drawImage(mask.canvas, 0, 0);
  if (backing === "photo") {
    for (const [thick, colour] of OUTLINE) {
      line.globalCompositeOperation = "source-over";
      for (const [dx, dy] of AROUND) line.drawImage(mask.canvas, dx * thick * dense, dy * thick * dense);
      line.globalCompositeOperation = "source-in";
      line.fillStyle = colour;
      line.fillRect(0, 0, canvas.width, canvas.height);
      line.globalCompositeOperation = "destination-out";
      line.drawImage(mask.canvas, 0, 0);
      context.drawImage(line.canvas, 0, 0);
    }
  }
  context.drawImage(product.canvas, 0, 0);
}

/** Draws what is cut away without its colours, and far darker. */
function dim(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "#808080";
  context.fillRect(x, y, width, height);
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "#17171ab8";
  context.fillRect(x, y, width, height);
}

function squares(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, [dark, light]: readonly [string, string], side: number): void {
  const tile = new OffscreenCanvas(2 * side, 2 * side);
  const on = tile.getContext("2d");
  if (!on) return;
  on.fillStyle = light;
  on.fillRect(0, 0, 2 * side, 2 * side);
  on.fillStyle = dark;
  on.fillRect(0, 0, side, side);
  on.fillRect(side, side, side, side);
  context.save();
  context.translate(x, y);
  context.fillStyle = context.createPattern(tile, "repeat") ?? light;
  context.fillRect(0, 0, width, height);
  context.restore();
}
