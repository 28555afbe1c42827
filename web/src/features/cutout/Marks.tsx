/** Over the photo: clicks that wait for an answer, a box or outline that is drawn, and the cross of the keyboard. */
import { cutout as copy } from "~/shared/copy/cutout";
import type { Hints } from "./hints";
import { TOOLS, type Tool } from "./tools";
import { toScreen, type Box, type Point, type Size, type View } from "./view";
import css from "./cutout.module.css";

export function Sign({ tool, size = 15 }: { tool: Tool; size?: number }) {
  const { Icon } = TOOLS.find((one) => one.tool === tool)!;
  return <Icon size={size} stroke={2.4} aria-hidden />;
}

export function Marks({ waiting, view, pane, drawn, outline, cross, tool }: {
  waiting: Hints; view: View; pane: Size; drawn: Box | null; outline: readonly Point[]; cross: Point | null; tool: Tool;
}) {
  const line = outline.map((corner) => toScreen(view, corner).join(",")).join(" ");
  return (
    <>
      <svg className={css.lines} width={pane.width} height={pane.height} aria-hidden>
        {waiting.map((one, at) => one.tool === "box" && <Frame key={at} box={one.box} view={view} />)}
        {drawn && <Frame box={drawn} view={view} chosen />}
        {outline.length > 0 && <g data-chosen><polyline className={css.under} points={line} /><polyline className={css.over} points={line} />{outline.map((corner, at) => {
          const [x, y] = toScreen(view, corner);
          return <circle key={at} className={css.corner} data-first={at === 0 || undefined} cx={x} cy={y} r={at === 0 ? 6 : 3.5} />;
        })}</g>}
        {cross && <Cross at={toScreen(view, [cross[0] + 0.5, cross[1] + 0.5])} />}
      </svg>
      {cross && <span className={css.crossSign} data-tool={tool} style={put(toScreen(view, [cross[0] + 0.5, cross[1] + 0.5]))} aria-hidden><Sign tool={tool} /></span>}
      {waiting.map((one, at) => one.tool !== "box" && (
        <span key={at} className={css.mark} data-tool={one.tool} style={put(toScreen(view, [one.at[0] + 0.5, one.at[1] + 0.5]))} role="img" aria-label={copy.pin(one.tool === "keep")}>
          <span className={css.head}><Sign tool={one.tool === "keep" ? "add" : "remove"} /></span>
        </span>
      ))}
    </>
  );
}

const put = ([x, y]: Point) => ({ left: x, top: y });

function Frame({ box, view, chosen }: { box: Box; view: View; chosen?: boolean }) {
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
