import { useRef, useState } from "react";
import css from "./places.module.css";

/** A name typed right in the tree: Enter or leaving it keeps, Escape drops. */
export function NameField({ label, start = "", keep, drop }: { label: string; start?: string; keep: (name: string) => void; drop: () => void }) {
  const [name, set] = useState(start);
  const done = useRef(false);
  const end = (keeps: boolean): void => {
    if (done.current) return;
    done.current = true;
    const told = name.trim();
    if (keeps && told && told !== start) keep(told);
    else drop();
  };
  return (
    <input
      className={css.field} aria-label={label} placeholder={label} value={name} maxLength={200} autoFocus
      onFocus={(event) => event.target.select()} onChange={(event) => set(event.target.value)} onBlur={() => end(true)}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" && !event.nativeEvent.isComposing) end(true);
        if (event.key === "Escape") end(false);
      }}
    />
  );
}
