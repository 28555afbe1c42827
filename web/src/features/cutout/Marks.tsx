/** Hints on the photo: pins with a sign, boxes with a tag. Each can be reached by Tab, dragged, and deleted. */
import { ActionIcon } from "@mantine/core";
import { IconMinus, IconPlus, IconSquareDashed, IconTrash } from "@tabler/icons-react";
import { useRef, useState, type PointerEvent } from "react";
import { cutout as copy } from "~/shared/copy/cutout";
import type { Hint, Hints, Tool } from "./hints";
import { nearest, toPhoto, toScreen, type Box, type Point, type Size, type View } from "./view";
import css from "./cutout.module.css";

export const SIGNS: Record<Tool, typeof IconPlus> = { keep: IconPlus, remove: IconMinus, box: IconSquareDashed };
const DRAGGED_PX = 3;

export const wordsOf = (hint: Hint): string => (hint.tool === "box" ? copy.hints.box(hint.box[2] - hint.box[0], hint.box[3] - hint.box[1]) : copy.hints.at(...hint.at));
export const nameOf = (hint: Hint): string => copy.hints.named(copy.tools[hint.tool].name, wordsOf(hint));

export function Marks({ hints, view, photo, pane, chosen, choose, move, remove, draft, cross, tool }: {
  hints: Hints; view: View; photo: Size; pane: Size; chosen: number | null; choose: (id: number | null) => void;
  move: (id: number, to: Point) => void; remove: (id: number) => void; draft: Box | null; cross: Point | null; tool: Tool;
}) {
  const boxes = hints.flatMap((one) => (one.tool === "box" ? [one] : []));
  return (
    <>
      <svg className={css.lines} width={pane.width} height={pane.height} aria-hidden>
        {boxes.map((one) => <Frame key={one.id} box={one.box} view={view} chosen={one.id === chosen} />)}
        {draft && <Frame box={draft} view={view} chosen />}
        {cross && <Cross at={toScreen(view, [cross[0] + 0.5, cross[1] + 0.5])} />}
      </svg>
      {cross && <span className={css.crossSign} data-tool={tool} style={put(toScreen(view, [cross[0] + 0.5, cross[1] + 0.5]))} aria-hidden><Sign tool={tool} /></span>}
      {hints.map((one) => (
        <Mark key={one.id} hint={one} view={view} photo={photo} chosen={one.id === chosen} choose={choose} move={move} remove={remove} />
      ))}
    </>
  );
}

export function Sign({ tool, size = 15 }: { tool: Tool; size?: number }) {
  const Icon = SIGNS[tool];
  return <Icon size={size} stroke={3} aria-hidden />;
}

function Mark({ hint, view, photo, chosen, choose, move, remove }: {
  hint: Hint; view: View; photo: Size; chosen: boolean; choose: (id: number) => void; move: (id: number, to: Point) => void; remove: (id: number) => void;
}) {
  const from = useRef<{ x: number; y: number } | null>(null);
  const [by, drag] = useState<Point>([0, 0]);
  const at = hint.tool === "box" ? toScreen(view, [hint.box[0], hint.box[1]]) : toScreen(view, [hint.at[0] + 0.5, hint.at[1] + 0.5]);
  const went = ({ clientX, clientY }: PointerEvent): Point => {
    if (!from.current) return [0, 0];
    const [dx, dy] = [clientX - from.current.x, clientY - from.current.y];
    return Math.hypot(dx, dy) > DRAGGED_PX ? [dx, dy] : [0, 0]; // a click with an unsteady hand is no drag
  };
  const place = put([at[0] + by[0], at[1] + by[1]]);
  return (
    <>
      <button
        type="button" className={css.mark} data-tool={hint.tool} data-chosen={chosen || undefined} style={place} aria-pressed={chosen} data-mark
        aria-label={hint.tool === "box" ? copy.hints.chooseBox(wordsOf(hint)) : copy.hints.choose(copy.tools[hint.tool].name, wordsOf(hint))}
        onClick={() => choose(hint.id)} onFocus={(event) => event.currentTarget.matches(":focus-visible") && choose(hint.id)}
        onPointerDown={(event) => {
          event.stopPropagation();
          if (event.button !== 0 || hint.tool === "box") return;
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => from.current && drag(went(event))}
        onPointerUp={(event) => {
          const [dx, dy] = went(event);
          if (dx || dy) move(hint.id, nearest(toPhoto(view, [at[0] + dx, at[1] + dy]), photo));
          from.current = null;
          drag([0, 0]);
        }}
        onPointerCancel={() => ((from.current = null), drag([0, 0]))}
      >
        <span className={css.head}><Sign tool={hint.tool} /></span>
      </button>
      {chosen && (
        <ActionIcon
          className={css.delete} data-tool={hint.tool} style={place} size={26} variant="default" aria-label={copy.hints.removeNamed(nameOf(hint))} title={copy.hints.remove}
          onPointerDown={(event) => event.stopPropagation()} onClick={() => remove(hint.id)}
        >
          <IconTrash size={15} aria-hidden />
        </ActionIcon>
      )}
    </>
  );
}

const put = ([x, y]: Point) => ({ left: x, top: y });

function Frame({ box, view, chosen }: { box: Box; view: View; chosen: boolean }) {
  const [left, top] = toScreen(view, [box[0], box[1]]);
  const [right, bottom] = toScreen(view, [box[2], box[3]]);
  const rectangle = { x: left, y: top, width: right - left, height: bottom - top, rx: 2 };
  return <g data-chosen={chosen || undefined}><rect className={css.under} {...rectangle} /><rect className={css.over} {...rectangle} /></g>;
}

const [GAP, ARM] = [9, 34];
function Cross({ at: [x, y] }: { at: Point }) {
  const path = `M${x - ARM} ${y}H${x - GAP}M${x + GAP} ${y}H${x + ARM}M${x} ${y - ARM}V${y - GAP}M${x} ${y + GAP}V${y + ARM}`;
  return <g><path className={css.under} d={path} /><path className={css.over} data-solid d={path} /><circle className={css.under} cx={x} cy={y} r={1.5} /><circle className={css.dot} cx={x} cy={y} r={1.5} /></g>;
}
