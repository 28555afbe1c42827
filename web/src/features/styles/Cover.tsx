/** A style's picture: on a product of the user's where one fits, else a rendered set or a drawing. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Photo, Style } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { Picture } from "~/shared/ui/Picture";
import { hasFinding, preview, type Chosen } from "./previews";
import { pictureOf } from "./sets";
import css from "./cover.module.css";


export function Cover({ style, photo }: { style: Style; photo: Photo | undefined }) {
  const [box, onScreen] = useOnScreen();
  const chosen = style.chosen as Chosen;
  const ready = style.base !== "image" || Boolean(chosen.picture);
  const rendered = useQuery({ ...preview(style.base, chosen, photo, true), enabled: onScreen && ready && photo !== undefined });
  const shown = hasFinding(rendered.data?.findings, "fit") ? undefined : rendered.data; // a product that floats in a set says little of the set
  return (
    <div ref={box} className={css.cover} data-busy={(rendered.isFetching && !rendered.data) || undefined}>
      {!shown && <StyleDrawing style={style} />}
      {shown && (
        <div className={css.result} data-checker={style.base === "transparent" || undefined}>
          <Picture src={shown.src} alt={copy.cover(style.name)} eager />
        </div>
      )}
    </div>
  );
}

/** A rendered set with a sample product; else a neutral drawing: a bottle on the template's background. */
export function StyleDrawing({ style }: { style: Style }) {
  const picture = pictureOf(style.base);
  if (picture) return <img className={css.pictured} src={picture} alt={copy.pictured(style.name)} draggable={false} />;
  const value = (name: string) => String(style.options.find((one) => one.name === name)?.value ?? "");
  const [top, bottom] = [value("top") || "#f7f7f5", value("bottom") || "#d9d8d4"];
  const backs: Record<string, string> = {
    color: value("color") || "#ece9e4",
    gradient: value("shape") === "round" ? `radial-gradient(circle at 50% 46%, ${top}, ${bottom})` : `linear-gradient(${top}, ${bottom})`,
    image: "linear-gradient(#dfe3e6 0 56%, #c9c1b6 56% 100%)",
  };
  return (
    <div className={css.drawing} role="img" aria-label={copy.drawing(style.name)} data-base={style.base} style={{ background: backs[style.base] }}>
      {style.base === "image" && <span className={css.sun} />}
      <svg viewBox="0 0 200 200" aria-hidden>
        {style.base !== "transparent" && <ellipse cx="100" cy="163" rx="46" ry="5.5" fill="#000" opacity="0.2" className={css.soft} />}
        <rect x="88" y="40" width="24" height="30" rx="4" fill="#8d8f94" />
        <path d="M84 68h32c14 4 18 12 18 26v58c0 7-4 11-11 11H77c-7 0-11-4-11-11V94c0-14 4-22 18-26z" fill="#b4b6ba" />
        <path d="M72 92c0-12 4-18 14-22h4c-9 5-11 12-11 24v66h-4c-2-2-3-4-3-7z" fill="#fff" opacity="0.34" />
        <rect x="66" y="104" width="68" height="34" fill="#f2f2f0" opacity="0.75" />
      </svg>
    </div>
  );
}

/** Whether the element has been on the screen yet. */
function useOnScreen() {
  const box = useRef<HTMLDivElement>(null);
  const [onScreen, setOnScreen] = useState(false);
  useEffect(() => {
    if (!box.current || onScreen) return;
    const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && setOnScreen(true), { rootMargin: "120px" });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [onScreen]);
  return [box, onScreen] as const;
}
