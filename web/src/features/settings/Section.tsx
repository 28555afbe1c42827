import type { ReactNode } from "react";
import css from "./settings.module.css";

/** The head of a tab: its title, and its main action. */
export function Head({ title, words, children }: { title: string; words?: string; children?: ReactNode }) {
  return (
    <header className={css.head}>
      <div>
        <h2>{title}</h2>
        {words && <p className="soft">{words}</p>}
      </div>
      {children}
    </header>
  );
}

/** One setting: its words on the left, its fields on the right. */
export function Section({ title, words, children }: { title: string; words?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.section}>
      <div className={css.sectionWords}>
        <h3>{title}</h3>
        {words && <p className="soft small">{words}</p>}
      </div>
      <div className={css.sectionFields}>{children}</div>
    </section>
  );
}

export const Note = ({ children }: { children: ReactNode }) => <p className={css.note} role="note">{children}</p>;
