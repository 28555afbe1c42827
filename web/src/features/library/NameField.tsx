import { useRef, useState } from "react";
import css from "./places.module.css";

const SETTLED_MS = 400; // the menu that opened it takes the focus once more while it closes

/** A name typed right in the tree: Enter or leaving it saves, Escape cancels. */
export function NameField({ label, start = "", save, cancel }: { label: string; start?: string; save: (name: string) => void; cancel: () => void }) {
  const [name, set] = useState(start);
  const done = useRef(false);
  const openedAt = useRef(Date.now());
  const end = (saves: boolean): void => {
    if (done.current) return;
    done.current = true;
    const trimmed = name.trim();
    if (saves && trimmed && trimmed !== start) save(trimmed);
    else cancel();
  };
  return (
    <input
      className={css.field} aria-label={label} placeholder={label} value={name} maxLength={200} autoFocus
      onFocus={(event) => event.target.select()} onChange={(event) => set(event.target.value)} onBlur={(event) => {
        const field = event.currentTarget;
        if (Date.now() - openedAt.current < SETTLED_MS) requestAnimationFrame(() => field.focus());
        else end(true);
      }}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" && !event.nativeEvent.isComposing) end(true);
        if (event.key === "Escape") end(false);
      }}
    />
  );
}
