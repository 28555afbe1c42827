/** Files that are dragged over a place and dropped on it. */
import { useRef, useState, type DragEvent } from "react";

export function useDropFiles(take: (files: Iterable<File>) => void) {
  const [over, set] = useState(false);
  const depth = useRef(0);
  const brings = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  return {
    over,
    handlers: {
      onDragEnter: (event: DragEvent) => brings(event) && ((depth.current += 1), set(true)),
      onDragLeave: (event: DragEvent) => brings(event) && --depth.current <= 0 && ((depth.current = 0), set(false)),
      onDragOver: (event: DragEvent) => brings(event) && event.preventDefault(),
      onDrop: (event: DragEvent) => {
        if (!brings(event)) return;
        event.preventDefault();
        depth.current = 0;
        set(false);
        take([...event.dataTransfer.files]);
      },
    },
  };
}
