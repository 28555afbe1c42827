/** Pictures ready to be drawn at any zoom: each halved until it is small, so that a whole photo is cheap to draw. */
import { useEffect, useState } from "react";
import type { Size } from "./view";

/** The same picture in several sizes, the largest first. `share` of the photo's size. */
export type Levels = readonly { source: CanvasImageSource; share: number }[];

const SMALL_PX = 700;

function halved(source: CanvasImageSource, size: Size, share = 1): Levels {
  if (Math.max(size.width, size.height) < 2 * SMALL_PX) return [{ source, share }];
  const half = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) };
  const canvas = new OffscreenCanvas(half.width, half.height);
  canvas.getContext("2d")?.drawImage(source, 0, 0, half.width, half.height);
  return [{ source, share }, ...halved(canvas, half, share / 2)];
}

/** The smallest that is sharp at `scale` screen pixels to a photo's pixel. */
export const levelAt = (levels: Levels, scale: number): Levels[number] | undefined => levels.findLast((one) => one.share >= scale * 0.99) ?? levels[0];

async function photoLevels(src: string, size: Size): Promise<Levels> {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  const pixels = await createImageBitmap(picture); // a picture that is drawn from its file may be decoded each time
  return halved(pixels, pixels, pixels.width / size.width);
}

/** A photo: its thumbnail at once, the photo itself once it is loaded. */
export function usePhoto(source: string, thumb: string, size: Size): Levels | null {
  const [levels, set] = useState<Levels | null>(null);
  useEffect(() => {
    let current = true;
    let sharp = false;
    const load = (src: string, isSharp: boolean) =>
      src && photoLevels(src, size).then((loaded) => {
        if (!current || (sharp && !isSharp)) return;
        sharp = isSharp;
        set(loaded);
      }, () => undefined);
    void load(thumb, false);
    void load(source, true);
    return () => void (current = false);
  }, [source, thumb, size]);
  return levels;
}
