/** The editor's tools, and how its brush is set. */
import { IconBrush, IconEraser, IconLasso, IconMinus, IconPlus, IconSquareDashed } from "@tabler/icons-react";
import type { Softness } from "./engine/layer";

export type Tool = "erase" | "restore" | "add" | "remove" | "box" | "outline";
export const TOOLS: readonly { tool: Tool; key: string; Icon: typeof IconEraser }[] = [
  { tool: "erase", key: "E", Icon: IconEraser }, { tool: "restore", key: "B", Icon: IconBrush },
  { tool: "add", key: "K", Icon: IconPlus }, { tool: "remove", key: "R", Icon: IconMinus },
  { tool: "box", key: "D", Icon: IconSquareDashed }, { tool: "outline", key: "O", Icon: IconLasso },
];
export const isBrush = (tool: Tool): tool is "erase" | "restore" => tool === "erase" || tool === "restore";

/** size: the brush's diameter, px of the photo.  outlineErases: what an outline does with what is in it. */
export type Settings = { size: number; softness: Softness; follow: boolean; outlineErases: boolean };
export const [LEAST_SIZE, MOST_SIZE] = [1, 1000] as const;
const FINER = 1.2;

export const firstSettings = (photo: { width: number; height: number }): Settings =>
  ({ size: Math.max(8, Math.round(Math.min(photo.width, photo.height) / 30)), softness: "crisp", follow: false, outlineErases: true });
export const sized = (size: number): number => Math.round(Math.min(MOST_SIZE, Math.max(LEAST_SIZE, size)));
/** The next size, finer or broader: always another one, up to the ends. */
export const stepped = (size: number, broader: boolean): number =>
  sized(broader ? Math.max(size + 1, size * FINER) : Math.min(size - 1, size / FINER));
