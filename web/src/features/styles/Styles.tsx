/** Styles: all of them, or one that is open. */
import { useSearch } from "@tanstack/react-router";
import { Editor } from "./Editor";
import { Gallery } from "./Gallery";

export default function Styles() {
  const { style } = useSearch({ from: "/inside/styles" });
  return style ? <Editor key={style} id={style} /> : <Gallery />;
}
