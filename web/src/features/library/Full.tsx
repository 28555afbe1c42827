/** A photo as large as there is room: its thumbnail at once, the original once it is loaded. */
import { useEffect, useState } from "react";
import type { Photo } from "~/api/types";
import css from "./full.module.css";

// Browsers do not show these; the thumbnail is shown instead.
const NOT_SHOWN = new Set(["TIFF", "HEIC", "HEIF", "RAW"]);
export const isShown = (photo: Photo): boolean => !NOT_SHOWN.has(photo.format.toUpperCase());

export function Full({ photo, alt }: { photo: Photo; alt: string }) {
  const [ready, setReady] = useState("");
  const source = isShown(photo) ? photo.original : "";
  useEffect(() => {
    if (!source) return;
    const image = new Image();
    image.src = source;
    let current = true;
    image.decode().then(() => current && setReady(source), () => undefined);
    return () => void (current = false);
  }, [source]);
  return <img className={css.full} src={ready === source && ready ? ready : photo.thumb} alt={alt} draggable={false} />;
}
