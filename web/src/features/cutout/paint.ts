/** Draws a photo with its cut-out into a canvas of the pane's size: what is not seen is not drawn. */
import { levelAt, type Levels } from "./pixels";
import type { Size, View } from "./view";

export type Backing = "photo" | "checker" | "white" | "black" | "magenta";
export const BACKINGS: readonly Backing[] = ["photo", "checker", "white", "black", "magenta"];

const PLAIN: Partial<Record<Backing, string>> = { white: "#ffffff", black: "#000000", magenta: "#ff00ff" };
const CHECKER_PX = 10;
const LINE_PX = 1.5; // the outline, on both sides of it: light within dark, to be seen on anything
const AROUND = Array.from({ length: 12 }, (_, at) => [Math.cos((at * Math.PI) / 6), Math.sin((at * Math.PI) / 6)] as const);

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
  const seen = levelAt(photo, scale);
  if (!context || !seen) return;
  const put = (on: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, source: CanvasImageSource, dx = 0, dy = 0): void => {
    on.imageSmoothingEnabled = scale < 3; // closer than that its pixels are what one wants to see
    on.imageSmoothingQuality = "high";
    on.drawImage(source, x + dx, y + dy, width, height);
  };
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, canvas.width, canvas.height);

  if (backing === "photo") put(context, seen);
  if (backing === "photo" && matte) dim(context, x, y, width, height);
  if (backing === "checker") squares(context, x, y, width, height, checker, CHECKER_PX * dense);
  const plain = PLAIN[backing];
  if (plain) {
    context.fillStyle = plain;
    context.fillRect(x, y, width, height);
  }
  const mask = matte && levelAt(matte, scale);
  if (!mask) return;

  const product = blank(0, canvas);
  if (!product) return;
  put(product, seen);
  product.globalCompositeOperation = "destination-in";
  put(product, mask);
  if (backing === "photo") {
    for (const [thick, colour] of [[2, "#000000b3"], [1, "#ffffff"]] as const) {
      const line = blank(1, canvas);
      if (!line) return;
      for (const [dx, dy] of AROUND) put(line, mask, dx * LINE_PX * thick * dense, dy * LINE_PX * thick * dense);
      line.globalCompositeOperation = "source-in";
      line.fillStyle = colour;
      line.fillRect(0, 0, canvas.width, canvas.height);
      line.globalCompositeOperation = "destination-out";
      put(line, mask);
      context.drawImage(line.canvas, 0, 0);
    }
  }
  context.drawImage(product.canvas, 0, 0);
}

/** What is cut away: without its colours, and far darker. */
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
