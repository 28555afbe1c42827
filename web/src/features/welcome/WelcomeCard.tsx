/** The card of the sign-in and the welcome page. */
import type { ReactNode } from "react";
import css from "./welcome.module.css";

export function WelcomeCard({ title, words, children }: { title: string; words: string; children: ReactNode }) {
  return (
    <main className={css.door}>
      <div className={css.card}>
        <img src="/mark.svg" alt="" width={44} height={44} className={css.mark} />
        <h1>{title}</h1>
        {words && <p className="soft">{words}</p>}
        {children}
      </div>
    </main>
  );
}
