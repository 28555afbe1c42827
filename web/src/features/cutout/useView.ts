/** The zoom of a photo: the whole photo until somebody zooms in, and again on demand. */
import { useState } from "react";
import { centre, fitted, held, scaled, showing, within, type Point, type Size, type View } from "./view";

const STEP = 1.25;

export function useView(photo: Size, pane: Size) {
  const [free, set] = useState<View | null>(null); // null: the whole photo, at any size of the pane
  const fit = fitted(photo, pane);
  const view = free ? held(free, photo, pane) : fit;
  const one = 1 / devicePixelRatio;
  const to = (scale: number, at: Point): void => {
    const next = within(scale, fit.scale, one);
    set(Math.abs(next / fit.scale - 1) < 0.01 ? null : held(scaled(view, next, at), photo, pane));
  };
  return {
    view, isWhole: free === null, percent: Math.round((100 * view.scale) / one),
    whole: () => set(null),
    full: (at: Point = centre(pane)) => to(one, at),
    closer: (steps: number, at: Point = centre(pane)) => to(view.scale * STEP ** steps, at),
    pinch: (ratio: number, at: Point, dx: number, dy: number) => set((was) => {
      const from = was ? held(was, photo, pane) : fit;
      const next = scaled(from, within(from.scale * ratio, fit.scale, one), at);
      return next.scale / fit.scale < 1.01 ? null : held({ ...next, x: next.x + dx, y: next.y + dy }, photo, pane);
    }),
    pan: (dx: number, dy: number) => free && set((was) => was && held({ ...was, x: was.x + dx, y: was.y + dy }, photo, pane)),
    show: (point: Point) => free && set(held(showing(view, point, pane), photo, pane)),
  };
}
export type ZoomView = ReturnType<typeof useView>;
