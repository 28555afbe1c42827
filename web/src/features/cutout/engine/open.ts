/** A session on a real photo: its layer, the canvases that show it, and the solver beside the page. */
import type { Hints } from "../hints";
import type { Levels } from "../pixels";
import type { Box, Size } from "../view";
import { levelsOf, MatteCanvases } from "./canvases";
import { asked, Solver } from "./edges";
import { MatteLayer } from "./layer";
import { Session, type Parts } from "./session";

/** base: the saved levels.  before: what shows them; made when it is first needed. */
export type Open = { session: Session; layer: MatteLayer; levels: Levels; base: Uint8Array; before: () => Levels; onDraw: ((box: Box) => void) | null };

/** unsaved: levels to go on from, as the first step. */
export async function open({ size, matte, photo, unsaved, ask, say }: {
  size: Size; matte: Blob; photo: () => Levels | null; unsaved: (base: Uint8Array) => Promise<Uint8Array | null>;
  ask: (hints: Hints, signal: AbortSignal) => Promise<Blob>; say: Parts["say"];
}): Promise<Open> {
  const base = await levelsOf(matte, size);
  const mine = await unsaved(base);
  const layer = new MatteLayer(size, base.slice());
  const canvases = new MatteCanvases(layer);
  const session = new Session({
    layer, saved: matte, ask, say, solver: new Solver(),
    around: (...stroke) => asked(layer, photo() ?? [], ...stroke),
    decode: (picture) => levelsOf(picture, size),
    draw: (box) => {
      canvases.update(box);
      opened.onDraw?.(box);
    },
  });
  let before: Levels | null = null;
  const opened: Open = { session, layer, levels: canvases.levels, base, before: () => (before ??= new MatteCanvases(new MatteLayer(size, base)).levels), onDraw: null };
  if (mine) session.restore(mine);
  return opened;
}
