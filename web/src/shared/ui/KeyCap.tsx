import type { ReactNode } from "react";
import css from "./KeyCap.module.css";

/** A key as it looks on a keyboard. Beside a button's words it is for the eye alone. */
export const KeyCap = ({ children, hidden = false }: { children: ReactNode; hidden?: boolean }) => (
  <kbd className={css.key} aria-hidden={hidden || undefined}>{children}</kbd>
);
