/** The whole page takes drops; while something is held over it, it says where that goes. */
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { upload as copy } from "~/shared/copy/upload";
import css from "../upload.module.css";
import { useAddFiles } from "./useAddFiles";

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

export function DropLayer({ into }: { into: string | null }) {
  const [over, setOver] = useState(false);
  const add = useAddFiles();
  const latest = useRef(add);
  latest.current = add;
  useEffect(() => {
    let depth = 0; // enter and leave come for each element that is passed
    const enter = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      depth++;
      setOver(true);
    };
    const move = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    };
    const leave = (event: DragEvent) => {
      if (holdsFiles(event) && --depth <= 0) (depth = 0), setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (event.dataTransfer) void latest.current.dropped(event.dataTransfer.items);
    };
    addEventListener("dragenter", enter);
    addEventListener("dragover", move);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragover", move);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  if (!over) return null;
  return (
    <div className={css.over} aria-hidden>
      <div>
        <IconDownload size={44} stroke={1.3} />
        <strong>{into ? copy.drop.overInto(into) : copy.drop.over}</strong>
      </div>
    </div>
  );
}
