/** Draws the photo with its cut-out: all of it where the view changes, else the part that was painted, once a frame. */
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { joined } from "./engine/layer";
import { paint, type Backing } from "./paint";
import type { Levels } from "./pixels";
import type { Work } from "./useWork";
import type { Box, Size, View } from "./view";

export function useCanvas(canvas: RefObject<HTMLCanvasElement | null>, { work, photo, matte, view, pane, size, backing }: {
  work: Work; photo: Levels | null; matte: Levels; view: View; pane: Size; size: Size; backing: Backing;
}): void {
  const scheme = useComputedColorScheme("light"); // for the colours of the checkerboard
  const draw = useRef<(only?: Box) => void>(() => undefined);
  draw.current = (only) => {
    const node = canvas.current;
    if (!node || !photo) return;
    const styles = getComputedStyle(node);
    paint(node, { photo, matte, view, size, backing, checker: [styles.getPropertyValue("--checker"), styles.getPropertyValue("--panel")], ...(only ? { only } : {}) });
  };
  useLayoutEffect(() => {
    const node = canvas.current;
    if (!node) return;
    const pixels = { width: Math.round(pane.width * devicePixelRatio), height: Math.round(pane.height * devicePixelRatio) };
    if (node.width !== pixels.width || node.height !== pixels.height) Object.assign(node, pixels);
    draw.current();
  }, [canvas, photo, matte, view.scale, view.x, view.y, pane, size, backing, scheme]);
  useEffect(() => {
    let frame = 0;
    let changed: Box | null = null;
    work.onDraw = (box) => {
      changed = joined(changed, box);
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        if (changed) draw.current(changed);
        changed = null;
      });
    };
    return () => {
      work.onDraw = null;
      cancelAnimationFrame(frame);
    };
  }, [work]);
}
