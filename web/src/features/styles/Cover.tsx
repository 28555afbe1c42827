/** What a style looks like: on a product of the user's own where there is one that suits it, else pictured or drawn. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Photo, Style } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { Picture } from "~/shared/ui/Picture";
import { found, preview, type Chosen } from "./previews";
import { pictureOf } from "./sets";
import css from "./cover.module.css";


export function Cover({ look, photo }: { look: Style; photo: Photo | undefined }) {
  const [box, seen] = useSeen();
  const chosen = look.chosen as Chosen;
  const ready = look.base !== "image" || Boolean(chosen.picture);
  const made = useQuery({ ...preview(look.base, chosen, photo, true), enabled: seen && ready && photo !== undefined });
  const shown = found(made.data?.findings, "fit") ? undefined : made.data; // a product that floats in a set says little of the set
  return (
    <div ref={box} className={css.cover} data-busy={(made.isFetching && !made.data) || undefined}>
      {!shown && <Drawn look={look} />}
      {shown && (
        <div className={css.made} data-checker={look.base === "transparent" || undefined}>
          <Picture src={shown.src} alt={copy.cover(look.name)} eager />
        </div>
      )}
    </div>
  );
}

/** A rendered set with a product of ours; else a neutral drawing: a bottle on what the template puts behind it. */
export function Drawn({ look }: { look: Style }) {
  const picture = pictureOf(look.base);
  if (picture) return <img className={css.pictured} src={picture} alt={copy.pictured(look.name)} draggable={false} />;
  const value = (name: string) => String(look.options.find((one) => one.name === name)?.value ?? "");
  const [top, bottom] = [value("top") || "#f7f7f5", value("bottom") || "#d9d8d4"];
  const backs: Record<string, string> = {
    color: value("color") || "#ece9e4",
    gradient: value("shape") === "round" ? `radial-gradient(circle at 50% 46%, ${top}, ${bottom})` : `linear-gradient(${top}, ${bottom})`,
    image: "linear-gradient(#dfe3e6 0 56%, #c9c1b6 56% 100%)",
  };
  return (
    <div className={css.drawn} role="img" aria-label={copy.drawn(look.name)} data-base={look.base} style={{ background: backs[look.base] }}>
      {look.base === "image" && <span className={css.sun} />}
      <svg viewBox="0 0 200 200" aria-hidden>
        {look.base !== "transparent" && <ellipse cx="100" cy="163" rx="46" ry="5.5" fill="#000" opacity="0.2" className={css.soft} />}
        <rect x="88" y="40" width="24" height="30" rx="4" fill="#8d8f94" />
        <path d="M84 68h32c14 4 18 12 18 26v58c0 7-4 11-11 11H77c-7 0-11-4-11-11V94c0-14 4-22 18-26z" fill="#b4b6ba" />
        <path d="M72 92c0-12 4-18 14-22h4c-9 5-11 12-11 24v66h-4c-2-2-3-4-3-7z" fill="#fff" opacity="0.34" />
        <rect x="66" y="104" width="68" height="34" fill="#f2f2f0" opacity="0.75" />
      </svg>
    </div>
  );
}

/** Whether it has been on the screen yet. */
function useSeen() {
  const box = useRef<HTMLDivElement>(null);
  const [seen, see] = useState(false);
  useEffect(() => {
    if (!box.current || seen) return;
    const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && see(true), { rootMargin: "120px" });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [seen]);
  return [box, seen] as const;
}
