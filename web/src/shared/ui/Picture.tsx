/** A picture that fades in once it is decoded, on a checkerboard where it is see-through. */
import { useState } from "react";
import css from "./Picture.module.css";

export function Picture({ src, alt, fit = "contain", eager = false, checker = false }: {
  src: string; alt: string; fit?: "contain" | "cover"; eager?: boolean; checker?: boolean;
}) {
  const [state, set] = useState<"" | "ready" | "gone">("");
  if (!src) return <div className={css.none} role={alt ? "img" : undefined} aria-label={alt || undefined} />;
  return (
    <img
      key={src} className={css.picture} src={src} alt={alt} loading={eager ? "eager" : "lazy"} decoding="async" draggable={false}
      data-state={state} data-checker={checker || undefined} style={{ objectFit: fit }}
      onLoad={() => set("ready")} onError={() => set("gone")}
    />
  );
}
