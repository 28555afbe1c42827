/** Pictures for the fixed screens, drawn from `samples/` and their exact mattes: the photos, and what each look makes of them. */
import type { Browser } from "@playwright/test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SAMPLES = join(import.meta.dirname, "../../../samples");
export const NAMES = ["bottle", "can", "mug", "bear", "jar", "bag"] as const;
export type Name = (typeof NAMES)[number];
const LOOKS = { white: ["#ffffff", "#ffffff"], gradient: ["#f7f7f5", "#d9d8d4"], color: ["#e8d9cc", "#e8d9cc"], transparent: null } as const;
export type Kind = "photo" | "thumb" | keyof typeof LOOKS;
export type Pictures = ReadonlyMap<string, { body: Buffer; type: string }>;

/** `thumb-mug`, `white-mug` …, by the last part of their addresses. */
export async function draw(browser: Browser): Promise<Pictures> {
  const page = await browser.newPage();
  const made = new Map<string, { body: Buffer; type: string }>();
  for (const name of NAMES) {
    const read = (path: string) => readFileSync(join(SAMPLES, path)).toString("base64");
    const drawn = await page.evaluate(drawOne, { photo: read(`${name}.jpg`), matte: read(`mattes/${name}.png`), looks: LOOKS });
    for (const [kind, url] of Object.entries(drawn)) {
      made.set(`${kind}-${name}`, { body: Buffer.from(url.split(",")[1] ?? "", "base64"), type: url.slice(5, url.indexOf(";")) });
    }
  }
  await page.close();
  return made;
}

/** In the browser: a photo twice, and its product on each background with a shadow under it. */
async function drawOne({ photo, matte, looks }: { photo: string; matte: string; looks: Record<string, readonly [string, string] | null> }): Promise<Record<string, string>> {
  const load = async (type: string, data: string) => createImageBitmap(await (await fetch(`data:${type};base64,${data}`)).blob());
  const [shot, cover] = [await load("image/jpeg", photo), await load("image/png", matte)];
  const canvas = (width: number, height: number) => {
    const made = document.createElement("canvas");
    [made.width, made.height] = [width, height];
    const pen = made.getContext("2d")!;
    pen.imageSmoothingQuality = "high";
    return { made, pen };
  };
  const scaled = (longest: number) => {
    const by = longest / Math.max(shot.width, shot.height);
    const { made, pen } = canvas(Math.round(shot.width * by), Math.round(shot.height * by));
    pen.drawImage(shot, 0, 0, made.width, made.height);
    return made.toDataURL("image/jpeg", 0.86);
  };

  // The product alone, and its box.
  const { made: cut, pen } = canvas(shot.width, shot.height);
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
  for (const [look, back] of Object.entries(looks)) {
    const { made, pen } = canvas(SIDE, SIDE);
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
    pen.drawImage(cut, left, top, right - left, bottom - top, x, y, width, height);
    out[look] = made.toDataURL(back ? "image/jpeg" : "image/png", 0.88);
  }
  return out;
}
