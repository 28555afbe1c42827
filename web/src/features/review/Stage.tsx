/** One picture, large: as a whole, at 100 %, or against the original. */
import { useEffect, useRef, useState, type PointerEvent } from "react";
import { review as copy } from "~/shared/copy/review";
import { isDecoded } from "./prefetch";
import css from "./Stage.module.css";

export type Shown = { quick: string; full: string; name: string };

export function Stage({ after, before, beforeName, mode }: { after: Shown; before: string; beforeName: string; mode: "whole" | "full" | "compare" }) {
  const sharp = useSharp(after.full);
  if (mode === "compare") return <Compare after={sharp ? after.full : after.quick} before={before} name={after.name} beforeName={beforeName} />;
  if (mode === "full") return <Full src={after.full || after.quick} name={after.name} />;
  return (
    <div className={css.stage}>
      {after.quick && <img className={css.picture} src={after.quick} alt={after.name} draggable={false} />}
      {sharp && <img className={css.picture} src={after.full} alt="" draggable={false} data-sharp />}
    </div>
  );
}

/** Whether the large picture is decoded. Keys that are held down pass over pictures without loading each. */
function useSharp(src: string): boolean {
  const [ready, set] = useState("");
  useEffect(() => {
    if (!src) return;
    let gone = false;
    const soon = setTimeout(() => {
      const picture = new Image();
      picture.src = src;
      picture.decode().then(() => !gone && set(src), () => undefined);
    }, isDecoded(src) ? 0 : 60);
    return () => {
      gone = true;
      clearTimeout(soon);
    };
  }, [src]);
  return ready === src && src !== "";
}

function Full({ src, name }: { src: string; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const at = useRef({ x: 0.5, y: 0.5 });
  const [size, setSize] = useState({ width: 0, height: 0 });
  const place = () => {
    const [pane, node] = [box.current, picture.current];
    if (!pane || !node) return;
    // A pixel of the file is a pixel of the screen.
    const width = node.naturalWidth / devicePixelRatio;
    const height = node.naturalHeight / devicePixelRatio;
    setSize({ width, height });
    const shift = (pane: number, whole: number, part: number) => (whole <= pane ? (pane - whole) / 2 : Math.min(0, Math.max(pane - whole, pane / 2 - whole * part)));
    node.style.transform = `translate(${shift(pane.clientWidth, width, at.current.x)}px, ${shift(pane.clientHeight, height, at.current.y)}px)`;
  };
  const drag = (event: PointerEvent) => {
    if (event.buttons !== 1 || !size.width) return;
    at.current.x = Math.min(1, Math.max(0, at.current.x - event.movementX / size.width));
    at.current.y = Math.min(1, Math.max(0, at.current.y - event.movementY / size.height));
    place();
  };
  useEffect(() => {
    const pane = box.current;
    if (!pane) return;
    const measured = new ResizeObserver(place);
    measured.observe(pane);
    return () => measured.disconnect();
  });
  return (
    <div
      ref={box} className={css.full} onPointerMove={drag} role="application" tabIndex={0} aria-label={`${name}, ${copy.actions.full}. ${copy.zoomHint}`}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onKeyDown={(event) => {
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (!by || !event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        at.current = { x: Math.min(1, Math.max(0, at.current.x + by[0]! * 0.08)), y: Math.min(1, Math.max(0, at.current.y + by[1]! * 0.08)) };
        place();
      }}
    >
      <img ref={picture} src={src} alt={name} onLoad={place} draggable={false} style={{ width: size.width || undefined, height: size.height || undefined }} />
    </div>
  );
}

function Compare({ after, before, name, beforeName }: { after: string; before: string; name: string; beforeName: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(50);
  const to = (event: PointerEvent) => {
    const edge = box.current?.getBoundingClientRect();
    if (edge) setAt(Math.min(100, Math.max(0, (100 * (event.clientX - edge.left)) / edge.width)));
  };
  return (
    <div
      ref={box} className={css.compare}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        to(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && to(event)}
    >
      <img className={css.picture} src={after} alt={`${name}, ${copy.compare.after}`} draggable={false} />
      <div className={css.before} style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}>
        <img className={css.picture} src={before} alt={`${name}, ${beforeName}`} draggable={false} />
      </div>
      <span className={css.tag} style={{ right: `calc(${100 - at}% + 26px)` }}>{beforeName}</span>
      <span className={css.tag} style={{ left: `calc(${at}% + 26px)` }}>{copy.compare.after}</span>
      <div
        className={css.line} style={{ left: `${at}%` }} role="slider" tabIndex={0} aria-label={copy.compare.slider} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(at)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -2, ArrowRight: 2, Home: -100, End: 100 }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          setAt((was) => Math.min(100, Math.max(0, was + by)));
        }}
      />
    </div>
  );
}
