/** A photo as large as there is room: its thumbnail at once, the original over it once that has come. */
import { useEffect, useState } from "react";
import type { Photo } from "~/api/types";
import css from "./full.module.css";

// Browsers do not show these; the preview stays.
const UNSEEN = new Set(["TIFF", "HEIC", "HEIF"]);
export const isShown = (photo: Photo): boolean => !UNSEEN.has(photo.format.toUpperCase());

export function Full({ photo, alt }: { photo: Photo; alt: string }) {
  const [ready, setReady] = useState("");
  const source = isShown(photo) ? photo.original : "";
  useEffect(() => {
    if (!source) return;
    const image = new Image();
    image.src = source;
    let wanted = true;
    image.decode().then(() => wanted && setReady(source), () => undefined);
    return () => void (wanted = false);
  }, [source]);
  return <img className={css.full} src={ready === source && ready ? ready : photo.thumb} alt={alt} draggable={false} />;
}
