import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import type { Finding } from "~/api/types";
import { checks, shortOf } from "~/shared/copy/findings";
import { productPage } from "~/shared/copy/library";
import css from "./findings.module.css";

/** Findings in sentences: what it is, the figures, what helps. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  const bad = findings.filter((one) => one.verdict === "warn" || one.verdict === "fail");
  if (bad.length === 0) return <p className={css.fine}><IconCircleCheck size={17} stroke={1.8} aria-hidden />{productPage.photo.fine}</p>;
  return (
    <ul className={css.findings}>
      {bad.map((one, at) => (
        <li key={`${one.check}${at}`} data-verdict={one.verdict}>
          <IconAlertTriangle size={17} stroke={1.8} aria-hidden />
          <div><strong>{shortOf(one.check)}</strong><p>{one.words} {one.check !== "duplicate" && <span className="soft">{checks[one.check]?.help}</span>}</p></div>
        </li>
      ))}
    </ul>
  );
}
