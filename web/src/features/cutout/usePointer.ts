/** What pointers do on the photo: paint, point, draw a box or an outline; two fingers, the middle button or Space move it. */
import { useRef, type PointerEvent } from "react";
import { toPhoto, type Point } from "./view";
import type { ZoomView } from "./useView";

const DRAGGED_PX = 4;
const LEAST_PRESSURE = 0.25; // of the size, for a pen that hardly touches

/** What a tool does at points of the photo. `at` may lie beside it. */
export type Hand = {
  drags: "paints" | "boxes" | "nothing";
  paint: (at: Point, inverted: boolean, share: number) => void;
  paintOn: (to: readonly Point[], share: number) => void;
  paintEnd: () => void;
  paintCancel: () => void;
  box: (from: Point, to: Point | null, done: boolean) => void;
  click: (at: Point, inverted: boolean, twice: boolean) => void;
  hover: (at: Point | null, inverted: boolean) => void; // screen pixels of the pane
};

type Press = { at: Point; last: Point; pans: boolean; moved: boolean; inverted: boolean };

export function usePointer({ zoom, hand, spaceHeld, ready, started }: { zoom: ZoomView; hand: Hand; spaceHeld: boolean; ready: boolean; started: () => void }) {
  const press = useRef<Press | null>(null);
  const fingers = useRef(new Map<number, Point>());
  const lastClick = useRef({ at: [0, 0] as Point, time: 0 });
  const { view } = zoom;

  const where = (event: { clientX: number; clientY: number; currentTarget: Element }): Point => {
    const edge = event.currentTarget.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  const share = (event: PointerEvent): number => (event.pointerType === "pen" ? LEAST_PRESSURE + (1 - LEAST_PRESSURE) * event.pressure : 1);
  const drop = (): void => {
    press.current = null;
    hand.paintCancel();
    hand.box([0, 0], null, true);
  };

  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button > 1 || !ready) return;
    event.preventDefault();
    event.currentTarget.focus({ preventScroll: true });
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = where(event);
    if (event.pointerType === "touch") {
      fingers.current.set(event.pointerId, at);
      if (fingers.current.size > 1) return drop(); // two fingers move the photo: what the first one began is taken back
    }
    started();
    const pans = event.button === 1 || spaceHeld;
    press.current = { at, last: at, pans, moved: false, inverted: event.altKey };
    if (!pans && hand.drags === "paints") hand.paint(toPhoto(view, at), event.altKey, share(event));
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    const at = where(event);
    hand.hover(event.pointerType === "touch" ? null : at, event.altKey);
    const others = fingers.current;
    if (others.size > 1 && others.has(event.pointerId)) return pinch(event.pointerId, at);
    const held = press.current;
    if (!held) return;
    const [dx, dy] = [at[0] - held.last[0], at[1] - held.last[1]];
    held.moved ||= Math.hypot(at[0] - held.at[0], at[1] - held.at[1]) > DRAGGED_PX;
    held.last = at;
    if (held.pans) return void zoom.pan(dx, dy);
    if (hand.drags === "paints") {
      const between = event.nativeEvent.getCoalescedEvents?.() ?? [];
      const edge = event.currentTarget.getBoundingClientRect();
      const points = (between.length > 0 ? between : [event.nativeEvent]).map((one) => toPhoto(view, [one.clientX - edge.left, one.clientY - edge.top]));
      return hand.paintOn(points, share(event));
    }
    if (held.moved && hand.drags === "boxes") return hand.box(toPhoto(view, held.at), toPhoto(view, at), false);
    if (held.moved && !zoom.isWhole) {
      held.pans = true; // a click that becomes a drag moves the photo
      zoom.pan(at[0] - held.at[0], at[1] - held.at[1]);
    }
  };
  const pinch = (id: number, at: Point): void => {
    const other = [...fingers.current].find(([one]) => one !== id)![1];
    const was = fingers.current.get(id)!;
    fingers.current.set(id, at);
    const apart = (one: Point): number => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
    zoom.pinch(apart(at) / apart(was), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2], (at[0] - was[0]) / 2, (at[1] - was[1]) / 2);
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>): void => {
    fingers.current.delete(event.pointerId);
    const held = press.current;
    press.current = null;
    if (!held || held.pans) return;
    if (hand.drags === "paints") return hand.paintEnd();
    if (hand.drags === "boxes") return hand.box(toPhoto(view, held.at), held.moved ? toPhoto(view, held.last) : null, true);
    const [before, time] = [lastClick.current, event.timeStamp];
    lastClick.current = { at: held.at, time };
    const twice = time - before.time < 400 && Math.hypot(held.at[0] - before.at[0], held.at[1] - before.at[1]) < 2 * DRAGGED_PX;
    hand.click(toPhoto(view, held.at), held.inverted, twice);
  };
  return {
    onPointerDown, onPointerMove, onPointerUp,
    onPointerCancel: (event: PointerEvent<HTMLDivElement>) => (fingers.current.delete(event.pointerId), drop()),
    onPointerLeave: () => hand.hover(null, false),
  };
}
