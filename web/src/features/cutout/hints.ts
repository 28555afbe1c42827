/** Clicks and boxes on a photo, which the service cuts out again around. */
import type { HintsRequest } from "~/api/types";
import type { Box, Point } from "./view";

export type HintTool = "keep" | "remove" | "box";
export type Hint = { tool: "keep" | "remove"; at: Point } | { tool: "box"; box: Box };
export type Hints = readonly Hint[];

// The service's limits (packshot.model.Hints).
export const MOST: Record<HintTool, number> = { keep: 64, remove: 64, box: 8 };
const LEAST_BOX_PX = 8;

export const isRoom = (hints: Hints, tool: HintTool): boolean => hints.filter((one) => one.tool === tool).length < MOST[tool];
export const isLarge = ([left, top, right, bottom]: Box): boolean => Math.min(right - left, bottom - top) >= LEAST_BOX_PX;

/** As the API takes them. */
export function toRequest(hints: Hints): Pick<HintsRequest, "boxes" | "keep" | "remove"> {
  const points = (tool: HintTool): [number, number][] => hints.flatMap((one) => (one.tool !== "box" && one.tool === tool ? [[...one.at]] : []));
  return { boxes: hints.flatMap((one) => (one.tool === "box" ? [[...one.box]] : [])), keep: points("keep"), remove: points("remove") };
}
