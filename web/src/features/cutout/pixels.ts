/** Pictures ready to be drawn at any zoom: each halved until it is small, so that a whole photo is cheap to draw. */
import { useEffect, useState } from "react";
import type { Size } from "./view";

/** The same picture in several sizes, the largest first. `share` of the photo's size. */
export type Levels = readonly { source: CanvasImageSource; share: number }[];

const SMALL_PX = 700;
const MOST_PIXELS = 24e6; // of a matte: four bytes each

function halved(source: CanvasImageSource, size: Size, share = 1): Levels {
  if (Math.max(size.width, size.height) < 2 * SMALL_PX) return [{ source, share }];
  const half = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) };
  const canvas = new OffscreenCanvas(half.width, half.height);
  canvas.getContext("2d")?.drawImage(source, 0, 0, half.width, half.height);
  return [{ source, share }, ...halved(canvas, half, share / 2)];
}

/** The smallest that is sharp at `scale` screen pixels to a photo's pixel. */
export const levelAt = (levels: Levels, scale: number): Levels[number] | undefined => levels.findLast((one) => one.share >= scale * 0.99) ?? levels[0];

async function photoLevels(src: string): Promise<Levels> {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  const pixels = await createImageBitmap(picture); // a picture that is drawn from its file may be decoded each time
  return halved(pixels, pixels);
}

/** Gray as transparency: white is opaque. */
async function matteLevels(matte: Blob): Promise<Levels> {
  const picture = await createImageBitmap(matte);
  const shrunk = Math.min(1, Math.sqrt(MOST_PIXELS / (picture.width * picture.height)));
  const size = { width: Math.round(picture.width * shrunk), height: Math.round(picture.height * shrunk) };
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext("2d");
  if (!context) return [];
  context.drawImage(picture, 0, 0, size.width, size.height);
  picture.close();
  const pixels = context.getImageData(0, 0, size.width, size.height);
  const bytes = pixels.data;
  for (let at = 0; at < bytes.length; at += 4) bytes[at + 3] = bytes[at]!;
  context.putImageData(pixels, 0, 0);
  return halved(canvas, size, shrunk);
}

/** A photo: its thumbnail at once, the photo itself once it is loaded. */
export function usePhoto(source: string, thumb: string): Levels | null {
  const [levels, set] = useState<Levels | null>(null);
  useEffect(() => {
    let current = true;
    let sharp = false;
    const load = (src: string, isSharp: boolean) =>
      src && photoLevels(src).then((loaded) => {
        if (!current || (sharp && !isSharp)) return;
        sharp = isSharp;
        set(loaded);
      }, () => undefined);
    void load(thumb, false);
    void load(source, true);
    return () => void (current = false);
  }, [source, thumb]);
  return levels;
}

/** A matte; the last one is drawn until this one is decoded. */
export function useMatte(matte: Blob | undefined): Levels | null {
  const [levels, set] = useState<Levels | null>(null);
  useEffect(() => {
    if (!matte) return;
    let current = true;
    matteLevels(matte).then((loaded) => current && set(loaded), () => undefined);
    return () => void (current = false);
  }, [matte]);
  return levels;
}

/** Whether two pictures are the same, byte for byte. */
export async function isSame(one: Blob, other: Blob): Promise<boolean> {
  if (one === other) return true;
  if (one.size !== other.size) return false;
  const [a, b] = await Promise.all([one.arrayBuffer(), other.arrayBuffer()]);
  const bytes = new Uint8Array(b);
  return new Uint8Array(a).every((byte, at) => byte === bytes[at]);
}
