/** The photo with its cut-out, large: zoomed, moved, pointed at. */
import { ActionIcon, Button, SegmentedControl, Tooltip, useComputedColorScheme } from "@mantine/core";
import { IconHistory, IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useLayoutEffect, useRef, useState, type PointerEvent, type ReactNode, type RefObject } from "react";
import { cutout as copy } from "~/shared/copy/cutout";
import { useKeys } from "~/shared/keys";
import { KeyCap } from "~/shared/ui/KeyCap";
import { Marks } from "./Marks";
import { isLarge, type Hints, type Tool } from "./hints";
import { BACKINGS, paint, type Backing } from "./paint";
import type { Levels } from "./pixels";
import { useView } from "./useView";
import { boxOf, centre, nearest, pixelAt, toPhoto, type Box, type Point, type Size } from "./view";
import css from "./cutout.module.css";

const DRAGGED_PX = 4;
const STEP_PX = 8; // on the screen: zoomed in, a step is finer
const FAR = 5;

type Actions = { place: (at: Point) => void; draw: (box: Box) => void; move: (id: number, to: Point) => void; remove: (id: number) => void; choose: (id: number | null) => void; say: (words: string, visible?: boolean) => void };

export function Stage({ name, size, photo, matte, hints, tool, chosen, actions, before, flip, enabled, pane: box, children }: {
  name: string; size: Size; photo: Levels | null; matte: Levels | null; hints: Hints; tool: Tool; chosen: number | null; actions: Actions;
  before: boolean; flip: () => void; enabled: boolean; pane: RefObject<HTMLDivElement | null>; children: ReactNode;
}) {
  const [pane, measure] = useState<Size>({ width: 800, height: 600 });
  const canvas = useRef<HTMLCanvasElement>(null);
  const zoom = useView(size, pane);
  const { view } = zoom;
  const [backing, show] = useState<Backing>("photo");
  const hand = useSpaceHeld(enabled);
  const [draft, setDraft] = useState<{ from: Point; to: Point; byKeys: boolean } | null>(null);
  const [cross, setCross] = useState<Point | null>(null);
  const [ring, setRing] = useState(true);
  const press = useRef<{ at: Point; last: Point; pans: boolean; draws: boolean; moved: boolean } | null>(null);
  useEffect(() => setDraft(null), [tool]);

  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const measured = new ResizeObserver(([entry]) => entry && measure({ width: entry.contentRect.width, height: entry.contentRect.height }));
    measured.observe(node);
    return () => measured.disconnect();
  }, [box]);

  const scheme = useComputedColorScheme("light"); // for the colours of the checkerboard
  useLayoutEffect(() => {
    const node = canvas.current;
    if (!node || !photo) return;
    const styles = getComputedStyle(node);
    const pixels = { width: Math.round(pane.width * devicePixelRatio), height: Math.round(pane.height * devicePixelRatio) };
    if (node.width !== pixels.width || node.height !== pixels.height) Object.assign(node, pixels);
    paint(node, { photo, matte, view, size, backing, checker: [styles.getPropertyValue("--checker"), styles.getPropertyValue("--panel")] });
  }, [photo, matte, view.scale, view.x, view.y, pane, size, backing, scheme]);

  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const node = box.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const edge = node!.getBoundingClientRect();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 100 : event.deltaY / 3;
      latest.current.closer(-Math.max(-2, Math.min(2, lines)), [event.clientX - edge.left, event.clientY - edge.top]);
    };
    node?.addEventListener("wheel", onWheel, { passive: false });
    return () => node?.removeEventListener("wheel", onWheel);
  }, [box]);

  // --- by pointer ---

  const where = (event: PointerEvent): Point => {
    const edge = event.currentTarget.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button > 1 || !photo) return;
    event.preventDefault();
    event.currentTarget.focus({ preventScroll: true });
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = where(event);
    const pans = event.button === 1 || hand;
    press.current = { at, last: at, pans, draws: !pans && tool === "box", moved: false };
    setCross(null);
    setRing(false);
    actions.choose(null);
  };
  const over = (event: PointerEvent<HTMLDivElement>): void => {
    const held = press.current;
    if (!held) return;
    const at = where(event);
    const [dx, dy] = [at[0] - held.last[0], at[1] - held.last[1]];
    held.moved ||= Math.hypot(at[0] - held.at[0], at[1] - held.at[1]) > DRAGGED_PX;
    held.last = at;
    if (held.draws) {
      if (held.moved) setDraft({ from: toPhoto(view, held.at), to: toPhoto(view, at), byKeys: false });
    } else if (held.pans || (held.moved && !zoom.isWhole)) {
      held.pans = true; // a click that becomes a drag moves the photo
      zoom.pan(dx, dy);
    }
  };
  const up = (): void => {
    const held = press.current;
    press.current = null;
    if (!held || held.pans) return;
    if (held.draws) {
      if (held.moved) draw(boxOf(toPhoto(view, held.at), toPhoto(view, held.last), size));
      else actions.say(copy.announcements.drag, true);
      setDraft(null);
      return;
    }
    const at = pixelAt(toPhoto(view, held.at), size);
    if (at) actions.place(at);
    else actions.say(copy.announcements.beside);
  };
  const draw = (area: Box): void => (isLarge(area) ? actions.draw(area) : actions.say(copy.announcements.small, true));

  // --- by keys ---

  const step = (dx: number, dy: number, far = 1): void => {
    const by = Math.max(1, Math.round(STEP_PX / view.scale)) * far;
    const from = cross ?? nearest(toPhoto(view, centre(pane)), size);
    const to = cross ? nearest([from[0] + dx * by, from[1] + dy * by], size) : from;
    setCross(to);
    actions.choose(null);
    zoom.show(to);
    if (draft?.byKeys) setDraft({ ...draft, to: [to[0] + 1, to[1] + 1] });
    actions.say(copy.hints.at(...to));
  };
  const enter = (): void => {
    if (!cross) return step(0, 0);
    if (tool !== "box") return actions.place(cross);
    if (draft?.byKeys) {
      draw(boxOf(draft.from, draft.to, size));
      setDraft(null);
    } else {
      setDraft({ from: cross, to: [cross[0] + 1, cross[1] + 1], byKeys: true });
      actions.say(copy.announcements.corner, true);
    }
  };
  const cycle = (): void => show(BACKINGS[(BACKINGS.indexOf(backing) + 1) % BACKINGS.length]!);
  useKeys({
    arrowleft: () => step(-1, 0), arrowright: () => step(1, 0), arrowup: () => step(0, -1), arrowdown: () => step(0, 1),
    "shift+arrowleft": () => step(-1, 0, FAR), "shift+arrowright": () => step(1, 0, FAR), "shift+arrowup": () => step(0, -1, FAR), "shift+arrowdown": () => step(0, 1, FAR),
    enter, "+": () => zoom.closer(1, centre(pane)), "=": () => zoom.closer(1, centre(pane)), "-": () => zoom.closer(-1, centre(pane)), 0: zoom.whole, 1: () => zoom.full(), m: cycle, x: flip,
    ...(draft?.byKeys ? { escape: () => setDraft(null) } : {}),
  }, { enabled, inDialog: true });

  return (
    <section className={css.stage} aria-label={copy.stage(name)}>
      <div className={css.tools}>
        <SegmentedControl
          size="xs" value={backing} onChange={(to) => show(to as Backing)} aria-label={copy.backing.label}
          data={BACKINGS.map((one) => ({ value: one, label: <span className={css.backing}><span className={css.swatch} data-backing={one} aria-hidden />{copy.backing[one]}</span> }))}
        />
        <span style={{ flex: 1 }} />
        <Tooltip label={<>{copy.beforeHelp} <KeyCap hidden>X</KeyCap></>}>
          <Button size="xs" px={10} variant={before ? "filled" : "default"} aria-pressed={before} disabled={hints.length === 0} leftSection={<IconHistory size={16} aria-hidden />} onClick={flip}>{copy.before}</Button>
        </Tooltip>
        <div className={css.zoom} role="group" aria-label={copy.zoom.at(zoom.percent)}>
          <Tooltip label={<>{copy.zoom.out} <KeyCap hidden>−</KeyCap></>}><ActionIcon variant="default" size={30} aria-label={copy.zoom.out} onClick={() => zoom.closer(-1)}><IconMinus size={16} aria-hidden /></ActionIcon></Tooltip>
          <span className="num small" aria-hidden>{copy.zoom.at(zoom.percent)}</span>
          <Tooltip label={<>{copy.zoom.in} <KeyCap hidden>+</KeyCap></>}><ActionIcon variant="default" size={30} aria-label={copy.zoom.in} onClick={() => zoom.closer(1)}><IconPlus size={16} aria-hidden /></ActionIcon></Tooltip>
          <Tooltip label={<>{copy.zoom.fit} <KeyCap hidden>0</KeyCap></>}><Button size="xs" px={9} variant="default" aria-label={copy.zoom.fit} aria-pressed={zoom.isWhole} onClick={zoom.whole}>{copy.zoom.fitShort}</Button></Tooltip>
          <Tooltip label={<>{copy.zoom.full} <KeyCap hidden>1</KeyCap></>}><Button size="xs" px={9} variant="default" onClick={() => zoom.full()}>{copy.zoom.full}</Button></Tooltip>
        </div>
      </div>
      <div
        ref={box} className={css.pane} role="application" tabIndex={0} aria-label={`${copy.stage(name)}. ${copy.stageHelp}`} data-tool={tool} data-hand={hand || undefined} data-ring={(ring && !cross) || undefined}
        onPointerDown={down} onPointerMove={over} onPointerUp={up} onPointerCancel={() => ((press.current = null), setDraft(null))} onAuxClick={(event) => event.preventDefault()}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && (setCross(null), setRing(true))}
      >
        <canvas ref={canvas} className={css.canvas} aria-hidden />
        <Marks
          hints={before ? [] : hints} view={view} photo={size} pane={pane} chosen={chosen} choose={actions.choose} move={actions.move} remove={actions.remove}
          draft={draft && boxOf(draft.from, draft.to, size)} cross={cross} tool={tool}
        />
      </div>
      <div className={css.text}>{children ?? (backing !== "photo" && <p className="soft small">{copy.edges}</p>)}</div>
    </section>
  );
}

/** Whether the space bar is held down: then dragging moves the photo. */
function useSpaceHeld(enabled: boolean): boolean {
  const [held, set] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    const is = (event: KeyboardEvent): boolean => event.key === " " && !(event.target instanceof Element && event.target.closest("button, a, input"));
    const down = (event: KeyboardEvent) => is(event) && (event.preventDefault(), set(true));
    const up = (event: KeyboardEvent) => event.key === " " && set(false);
    const away = () => set(false);
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    addEventListener("blur", away);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", away);
    };
  }, [enabled]);
  return held;
}
