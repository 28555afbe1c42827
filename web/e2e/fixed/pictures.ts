/** Pictures for the fixed screens, drawn from `samples/` and their exact mattes: the photos, and what each style makes of them. */
import type { Browser } from "@playwright/test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SAMPLES = join(import.meta.dirname, "../../../samples");
export const NAMES = ["bottle", "can", "mug", "bear", "jar", "bag"] as const;
export type Name = (typeof NAMES)[number];
const BACKGROUNDS = {
  white: ["#ffffff", "#ffffff"], gradient: ["#f7f7f5", "#d9d8d4"], color: ["#e8d9cc", "#e8d9cc"], transparent: null,
  // Of rendered sets only the tones: how they look does not matter to the studio.
  sweep: ["#dededc", "#c6c6c3"], marble: ["#cdc5b8", "#efece7"], oak: ["#e9ddc7", "#bd9266"], podium: ["#f3cdb8", "#eec2ab"], linen: ["#e8e1d4", "#e0d8c9"],
} as const;
export type Kind = "photo" | "thumb" | keyof typeof BACKGROUNDS;
export type Pictures = ReadonlyMap<string, { body: Buffer; type: string }>;

/** `thumb-mug`, `white-mug` …, by the last part of their addresses. flat: in few tones and without grain, as goldens would be large otherwise. */
export async function draw(browser: Browser, flat: boolean): Promise<Pictures> {
  const page = await browser.newPage();
  const pictures = new Map<string, { body: Buffer; type: string }>();
  for (const name of NAMES) {
    const read = (path: string) => readFileSync(join(SAMPLES, path)).toString("base64");
    const drawings = await page.evaluate(drawOne, { photo: read(`${name}.jpg`), matte: read(`mattes/${name}.png`), backgrounds: BACKGROUNDS, flat });
    for (const [kind, url] of Object.entries(drawings)) {
      pictures.set(`${kind}-${name}`, { body: Buffer.from(url.split(",")[1] ?? "", "base64"), type: url.slice(5, url.indexOf(";")) });
    }
  }
  await page.close();
  return pictures;
}

/** In the browser: a photo twice, and its product on each background with a shadow under it. */
async function drawOne({ photo, matte, backgrounds, flat }: { photo: string; matte: string; backgrounds: Record<string, readonly [string, string] | null>; flat: boolean }): Promise<Record<string, string>> {
  const load = async (type: string, data: string) => createImageBitmap(await (await fetch(`data:${type};base64,${data}`)).blob());
  const [shot, cover] = [await load("image/jpeg", photo), await load("image/png", matte)];
  const canvas = (width: number, height: number) => {
    const surface = document.createElement("canvas");
    [surface.width, surface.height] = [width, height];
    const pen = surface.getContext("2d")!;
    pen.imageSmoothingQuality = "high";
    return { surface, pen };
  };
  const [soft, step] = flat ? [9, 51] : [1, 1];
  /** Drawn smaller first, then at the size of the target. */
  const small = (to: CanvasRenderingContext2D, from: CanvasImageSource, ...[sx, sy, sw, sh, x, y, width, height]: [number, number, number, number, number, number, number, number]) => {
    const { surface, pen } = canvas(Math.round(width / soft), Math.round(height / soft));
    pen.drawImage(from, sx, sy, sw, sh, 0, 0, surface.width, surface.height);
    to.drawImage(surface, x, y, width, height);
  };
  const encoded = (surface: HTMLCanvasElement, opaque: boolean) => {
    if (!flat) return surface.toDataURL(opaque ? "image/jpeg" : "image/png", 0.88);
    const pen = surface.getContext("2d")!;
    const tones = pen.getImageData(0, 0, surface.width, surface.height);
    for (let at = 0; at < tones.data.length; at += 1) if (at % 4 < 3) tones.data[at] = Math.round(tones.data[at]! / step) * step;
    pen.putImageData(tones, 0, 0);
    return surface.toDataURL("image/png");
  };
  const scaled = (longest: number) => {
    const by = longest / Math.max(shot.width, shot.height);
    const { surface, pen } = canvas(Math.round(shot.width * by), Math.round(shot.height * by));
    small(pen, shot, 0, 0, shot.width, shot.height, 0, 0, surface.width, surface.height);
    return encoded(surface, true);
  };

  // The product alone, and its box.
  const { surface: cut, pen } = canvas(shot.width, shot.height);
  pen.drawImage(cover, 0, 0);
  const alpha = pen.getImageData(0, 0, cut.width, cut.height);
  pen.drawImage(shot, 0, 0);
  const product = pen.getImageData(0, 0, cut.width, cut.height);
  let [left, top, right, bottom] = [cut.width, cut.height, 0, 0];
  for (let at = 0; at < alpha.data.length; at += 4) {
    product.data[at + 3] = alpha.data[at]!;
    if (alpha.data[at]! < 128) continue;
    const [x, y] = [(at / 4) % cut.width, Math.floor(at / 4 / cut.width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  pen.putImageData(product, 0, 0);

  const SIDE = 900;
  const by = (SIDE * 0.82) / Math.max(right - left, bottom - top);
  const [width, height] = [(right - left) * by, (bottom - top) * by];
  const [x, y] = [(SIDE - width) / 2, (SIDE - height) / 2];
  const out: Record<string, string> = { photo: scaled(1200), thumb: scaled(400) };
  for (const [background, back] of Object.entries(backgrounds)) {
    const { surface, pen } = canvas(SIDE, SIDE);
    if (back) {
      const fall = pen.createLinearGradient(0, 0, 0, SIDE);
      fall.addColorStop(0, back[0]);
      fall.addColorStop(1, back[1]);
      pen.fillStyle = fall;
      pen.fillRect(0, 0, SIDE, SIDE);
      pen.filter = "blur(14px)";
      pen.fillStyle = "#00000052";
      pen.beginPath();
      pen.ellipse(SIDE / 2, y + height - 5, width * 0.44, 15, 0, 0, 7);
      pen.fill();
      pen.filter = "none";
    }
    small(pen, cut, left, top, right - left, bottom - top, x, y, width, height);
    out[background] = encoded(surface, back !== null);
  }
  return out;
}
