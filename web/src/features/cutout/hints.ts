/** The hints that a person gives on a photo, and their history. Values: each change makes a new one. */
import type { HintsRequest } from "~/api/types";
import type { Box, Point } from "./view";

export type Tool = "keep" | "remove" | "box";
export type Hint = { id: number; tool: "keep" | "remove"; at: Point } | { id: number; tool: "box"; box: Box };
export type Hints = readonly Hint[];

// The service's limits (packshot.model.Hints).
export const MOST: Record<Tool, number> = { keep: 64, remove: 64, box: 8 };
const LEAST_BOX_PX = 8;

export const isRoom = (hints: Hints, tool: Tool): boolean => hints.filter((one) => one.tool === tool).length < MOST[tool];
export const isLarge = ([left, top, right, bottom]: Box): boolean => Math.min(right - left, bottom - top) >= LEAST_BOX_PX;

/** An id that no step of the history has, so that an undone hint is never confused with one placed since. */
const next = (history: History): number => 1 + Math.max(0, ...[...history.past, history.now, ...history.future].flat().map((one) => one.id));

export const without = (hints: Hints, id: number): Hints => hints.filter((one) => one.id !== id);
export const moved = (hints: Hints, id: number, at: Point): Hints => hints.map((one) => (one.id === id && one.tool !== "box" ? { ...one, at } : one));

/** The hints as the API takes them. */
export function toRequest(hints: Hints): Pick<HintsRequest, "boxes" | "keep" | "remove"> {
  const points = (tool: Tool): [number, number][] => hints.flatMap((one) => (one.tool !== "box" && one.tool === tool ? [[...one.at]] : []));
  return { boxes: hints.flatMap((one) => (one.tool === "box" ? [[...one.box]] : [])), keep: points("keep"), remove: points("remove") };
}

// --- undo and redo ---

export type History = { past: readonly Hints[]; now: Hints; future: readonly Hints[] };
export const EMPTY: History = { past: [], now: [], future: [] };

/** One step further; what had been undone is dropped. What changes nothing is no step. */
export function changed(history: History, now: Hints): History {
  return JSON.stringify(now) === JSON.stringify(history.now) ? history : { past: [...history.past, history.now], now, future: [] };
}
export const withPoint = (history: History, tool: "keep" | "remove", at: Point): History => changed(history, [...history.now, { id: next(history), tool, at }]);
export const withBox = (history: History, box: Box): History => changed(history, [...history.now, { id: next(history), tool: "box", box }]);

export function undone({ past, now, future }: History): History {
  const before = past.at(-1);
  return before ? { past: past.slice(0, -1), now: before, future: [now, ...future] } : { past, now, future };
}
export function redone({ past, now, future }: History): History {
  const [after, ...rest] = future;
  return after ? { past: [...past, now], now: after, future: rest } : { past, now, future };
}
