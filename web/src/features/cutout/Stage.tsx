/** The photo with its cut-out, large: zoomed, moved, painted on. */
import { ActionIcon, Button, SegmentedControl, Tooltip } from "@mantine/core";
import { IconHistory, IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { cutout as copy } from "~/shared/copy/cutout";
import { useKeys } from "~/shared/keys";
import { KeyCap } from "~/shared/ui/KeyCap";
import type { State } from "./engine/session";
import { isLarge, type Hint } from "./hints";
import { Marks } from "./Marks";
import { BACKINGS, type Backing } from "./paint";
import type { Levels } from "./pixels";
import { isBrush, type Settings, type Tool } from "./tools";
import { useCanvas } from "./useCanvas";
import { usePointer, type Hand } from "./usePointer";
import { useSpaceHeld } from "./useSpaceHeld";
import { useView } from "./useView";
import type { Work } from "./useWork";
import { boxOf, centre, nearest, pixelAt, toPhoto, toScreen, type Box, type Point, type Size } from "./view";
import css from "./cutout.module.css";

const STEP_PX = 8; // on the screen: zoomed in, a step is finer
const FAR = 5;
const CLOSE_PX = 10; // of the screen: a click so near the first corner closes the outline

type Actions = { point: (hint: Hint) => void; fill: (corners: readonly Point[], erase: boolean) => void; say: (words: string, visible?: boolean) => void };

export function Stage({ name, size, photo, work, state, tool, settings, actions, before, flip, enabled, pane: box, children }: {
  name: string; size: Size; photo: Levels | null; work: Work; state: State; tool: Tool; settings: Settings; actions: Actions;
  before: boolean; flip: () => void; enabled: boolean; pane: RefObject<HTMLDivElement | null>; children: ReactNode;
}) {
  const [pane, measure] = useState<Size>({ width: 800, height: 600 });
  const canvas = useRef<HTMLCanvasElement>(null);
  const ringAt = useRef<SVGGElement>(null);
  const trail = useRef<SVGPolylineElement>(null);
  const zoom = useView(size, pane);
  const { view } = zoom;
  const [backing, show] = useState<Backing>("photo");
  const spaceHeld = useSpaceHeld(enabled);
  const [draft, setDraft] = useState<{ from: Point; to: Point; byKeys: boolean } | null>(null);
  const [outline, setOutline] = useState<readonly Point[]>([]);
  const [cross, setCross] = useState<Point | null>(null);
  const [isRinged, setRing] = useState(true);
  const lastDab = useRef<Point | null>(null);
  useEffect(() => (setDraft(null), setOutline([])), [tool]);
  useCanvas(canvas, { work, photo, matte: before ? work.before() : work.levels, view, pane, size, backing });

  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const measured = new ResizeObserver(([entry]) => entry && measure({ width: entry.contentRect.width, height: entry.contentRect.height }));
    measured.observe(node);
    return () => measured.disconnect();
  }, [box]);

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

  // --- what the tools do ---

  const brush = (inverted: boolean) => ({ erase: (tool === "erase") !== inverted, radius: settings.size / 2, softness: settings.softness, follow: settings.follow });
  const drawTrail = (): void => {
    const line = work.session.trail;
    trail.current?.setAttribute("points", line ? line.path.map((at) => toScreen(view, at).join(",")).join(" ") : "");
    trail.current?.toggleAttribute("data-erase", line?.erase ?? false);
    trail.current?.setAttribute("stroke-width", String(2 * (line?.radius ?? 0) * view.scale));
  };
  useEffect(drawTrail);
  const draw = (area: Box): void => (isLarge(area) ? actions.point({ tool: "box", box: area }) : actions.say(copy.announcements.small, true));
  const close = (corners: readonly Point[], inverted: boolean): void => {
    if (corners.length < 3) return actions.say(copy.announcements.few, true);
    actions.fill(corners, settings.outlineErases !== inverted);
    setOutline([]);
  };
  const corner = (at: Point, inverted: boolean, closes: boolean): void => {
    const [first] = outline;
    const near = first && Math.hypot(...([0, 1] as const).map((side) => (first[side]! - at[side]!) * view.scale)) <= CLOSE_PX;
    if (first && (near || closes)) return close(outline, inverted);
    setOutline([...outline, at]);
    actions.say(copy.announcements.corners(outline.length + 1));
  };
  const point = (at: Point): void => {
    const pixel = pixelAt(at, size);
    if (!pixel) return actions.say(copy.announcements.beside);
    if (tool === "add" || tool === "remove") actions.point({ tool: tool === "add" ? "keep" : "remove", at: pixel });
  };
  const hand: Hand = {
    drags: isBrush(tool) ? "paints" : tool === "box" ? "boxes" : "nothing",
    paint: (at, inverted, share) => (work.session.press(brush(inverted), at, brush(inverted).radius * share), (lastDab.current = at), drawTrail()),
    paintOn: (points, share) => (work.session.move(points, (settings.size / 2) * share), (lastDab.current = points.at(-1) ?? lastDab.current), drawTrail()),
    paintEnd: () => work.session.lift(),
    paintCancel: () => work.session.cancel(),
    box: (from, to, done) => {
      setDraft(to && !done ? { from, to, byKeys: false } : null);
      if (done && to) draw(boxOf(from, to, size));
    },
    click: (at, inverted, twice) => (tool === "outline" ? corner([Math.min(size.width, Math.max(0, at[0])), Math.min(size.height, Math.max(0, at[1]))], inverted, twice) : point(at)),
    hover: (at, inverted) => {
      const node = ringAt.current;
      if (!node) return;
      node.style.display = at ? "" : "none";
      if (at) node.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
      node.toggleAttribute("data-erase", (tool === "erase") !== inverted);
    },
  };
  const pointer = usePointer({ zoom, hand, spaceHeld, ready: photo !== null && enabled, started: () => (setCross(null), setRing(false)) });

  // --- by keys ---

  const step = (dx: number, dy: number, far = 1): void => {
    const by = Math.max(1, Math.round(STEP_PX / view.scale)) * far;
    const from = cross ?? nearest(toPhoto(view, centre(pane)), size);
    const to = cross ? nearest([from[0] + dx * by, from[1] + dy * by], size) : from;
    setCross(to);
    zoom.show(to);
    if (draft?.byKeys) setDraft({ ...draft, to: [to[0] + 1, to[1] + 1] });
    actions.say(copy.at(...to));
  };
  const middle = ([x, y]: Point): Point => [x + 0.5, y + 0.5];
  const dab = (at: Point, from: Point | null): void => {
    work.session.press(brush(false), from ?? at);
    if (from) work.session.move([at]);
    work.session.lift();
    lastDab.current = at;
    actions.say(copy.announcements.painted(copy.tools[tool].name, copy.at(Math.floor(at[0]), Math.floor(at[1]))));
  };
  const enter = (line: boolean): void => {
    if (!cross) return step(0, 0);
    if (isBrush(tool)) return dab(middle(cross), line ? lastDab.current : null);
    if (tool === "outline") return corner(middle(cross), false, false);
    if (tool !== "box") return point(cross);
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
    enter: () => enter(false), "shift+enter": () => enter(true),
    "+": () => zoom.closer(1, centre(pane)), "=": () => zoom.closer(1, centre(pane)), "-": () => zoom.closer(-1, centre(pane)), 0: zoom.whole, 1: () => zoom.full(), m: cycle, x: flip,
    ...(outline.length > 0 ? { backspace: () => setOutline(outline.slice(0, -1)), escape: () => setOutline([]) } : {}),
    ...(draft?.byKeys ? { escape: () => setDraft(null) } : {}),
  }, { enabled, inDialog: true });

  const radius = (settings.size / 2) * view.scale;
  return (
    <section className={css.stage} aria-label={copy.stage(name)}>
      <div className={css.tools}>
        <SegmentedControl
          size="xs" value={backing} onChange={(to) => show(to as Backing)} aria-label={copy.backing.label}
          data={BACKINGS.map((one) => ({ value: one, label: <span className={css.backing}><span className={css.swatch} data-backing={one} aria-hidden />{copy.backing[one]}</span> }))}
        />
        <span style={{ flex: 1 }} />
        <Tooltip label={<>{copy.beforeHelp} <KeyCap hidden>X</KeyCap></>}>
          <Button size="xs" px={10} variant={before ? "filled" : "default"} aria-pressed={before} disabled={!state.dirty} leftSection={<IconHistory size={16} aria-hidden />} onClick={flip}>{copy.before}</Button>
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
        ref={box} className={css.pane} role="application" tabIndex={0} aria-label={`${copy.stage(name)}. ${copy.stageHelp}`} data-tool={tool} data-hand={spaceHeld || undefined} data-ring={(isRinged && !cross) || undefined}
        {...pointer} onAuxClick={(event) => event.preventDefault()}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && (setCross(null), setRing(true))}
      >
        <canvas ref={canvas} className={css.canvas} aria-hidden />
        <svg className={css.lines} width={pane.width} height={pane.height} aria-hidden>
          <polyline ref={trail} className={css.trail} />
          <g ref={ringAt} className={css.brush} style={{ display: "none" }} visibility={isBrush(tool) && !spaceHeld ? "visible" : "hidden"}><circle className={css.under} r={radius} /><circle className={css.over} data-solid r={radius} /></g>
          {cross && isBrush(tool) && <g transform={`translate(${toScreen(view, middle(cross)).join(" ")})`}><circle className={css.under} r={radius} /><circle className={css.over} data-solid r={radius} /></g>}
        </svg>
        <Marks waiting={before ? [] : state.waiting} view={view} pane={pane} drawn={draft && boxOf(draft.from, draft.to, size)} outline={outline} cross={cross} tool={tool} />
      </div>
      <div className={css.text}>{children ?? (backing !== "photo" && <p className="soft small">{copy.edges}</p>)}</div>
    </section>
  );
}
