/** Draws a photo with its cut-out into a canvas of the pane's size: what is out of sight is not drawn. */
import { levelAt, type Levels } from "./pixels";
import type { Box, Size, View } from "./view";

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

const MARGIN_PX = 4; // of the outline, around what is drawn anew

/**
 * photo, matte: see `Levels`.  matte null: the photo alone.  checker: the two colours of the checkerboard.
 * only: the part of the photo that has changed; the rest stays as it was drawn.
 */
export function paint(canvas: HTMLCanvasElement, { photo, matte, view, size, backing, checker, only }: {
  photo: Levels; matte: Levels | null; view: View; size: Size; backing: Backing; checker: readonly [string, string]; only?: Box;
}): void {
  const context = canvas.getContext("2d");
  const dense = devicePixelRatio;
  const scale = view.scale * dense;
  const [x, y, width, height] = [view.x * dense, view.y * dense, size.width * scale, size.height * scale] as const;
  const level = levelAt(photo, scale);
  if (!context || !level) return;
  // What is drawn, in the canvas' pixels, with room for the outline around it.
  const far = Math.ceil(MARGIN_PX * dense);
  const drawn = only ? [x + only[0] * scale - far, y + only[1] * scale - far, x + only[2] * scale + far, y + only[3] * scale + far] : [0, 0, canvas.width, canvas.height];
  const [x0, y0] = [Math.max(0, Math.floor(drawn[0]!)), Math.max(0, Math.floor(drawn[1]!))];
  const area = { width: Math.min(canvas.width, Math.ceil(drawn[2]!)) - x0, height: Math.min(canvas.height, Math.ceil(drawn[3]!)) - y0 };
  if (area.width <= 0 || area.height <= 0) return;
  // The part of the photo that is in there and around it, in the photo's pixels.
  const room = far / scale + 1;
  const [left, top] = [Math.max(0, Math.floor((x0 - x) / scale - room)), Math.max(0, Math.floor((y0 - y) / scale - room))];
  const [right, bottom] = [Math.min(size.width, Math.ceil((x0 + area.width - x) / scale + room)), Math.min(size.height, Math.ceil((y0 + area.height - y) / scale + room))];
  const put = (on: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, { source, share }: Levels[number], ox = 0, oy = 0): void => {
    on.imageSmoothingEnabled = scale < 3; // zoomed in further, the pixels themselves are of interest
    on.drawImage(source, left * share, top * share, (right - left) * share, (bottom - top) * share, x + left * scale - ox, y + top * scale - oy, (right - left) * scale, (bottom - top) * scale);
  };
  context.save();
  context.beginPath();
  context.rect(x0, y0, area.width, area.height);
  context.clip();
  context.globalCompositeOperation = "source-over";
  context.clearRect(x0, y0, area.width, area.height);

  if (backing === "photo") put(context, level);
  if (backing === "photo" && matte) dim(context, x, y, width, height);
  if (backing === "checker") squares(context, x, y, width, height, checker, CHECKER_PX * dense);
  const plain = PLAIN[backing];
  if (plain) {
    context.fillStyle = plain;
    context.fillRect(x, y, width, height);
  }
  const fine = matte && levelAt(matte, scale);
  const around = { width: area.width + 2 * far, height: area.height + 2 * far };
  const [ox, oy] = [x0 - far, y0 - far];
  const [mask, product, line] = [blank(0, around), blank(1, around), blank(2, around)];
  if (!fine || !mask || !product || !line) return context.restore();

  put(mask, fine, ox, oy);
  put(product, level, ox, oy);
  product.globalCompositeOperation = "destination-in";
  product.drawImage(mask.canvas, 0, 0);
  if (backing === "photo") {
    for (const [thick, colour] of OUTLINE) {
      line.globalCompositeOperation = "source-over";
      for (const [dx, dy] of AROUND) line.drawImage(mask.canvas, dx * thick * dense, dy * thick * dense);
      line.globalCompositeOperation = "source-in";
      line.fillStyle = colour;
      line.fillRect(0, 0, around.width, around.height);
      line.globalCompositeOperation = "destination-out";
      line.drawImage(mask.canvas, 0, 0);
      context.drawImage(line.canvas, ox, oy);
    }
  }
  context.drawImage(product.canvas, ox, oy);
  context.restore();
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
