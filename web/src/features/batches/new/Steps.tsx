import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { batches } from "~/shared/copy/batches";
import type { Problems } from "./draft";
import css from "./new.module.css";

const copy = batches.newBatch;
export const STEPS = ["products", "style", "channels", "order"] as const;
export type Step = (typeof STEPS)[number];

/** The steps: which one is shown, and what is chosen so far. */
export function Steps({ at, go, chosen, problems, done }: { at: Step; go: (step: Step) => void; chosen: Record<Step, string>; problems: Problems; done: Record<Step, boolean> }) {
  return (
    <nav className={css.steps} aria-label={copy.steps}>
      <ol>
        {STEPS.map((step, number) => (
          <li key={step}>
            <button type="button" className={css.step} aria-current={at === step ? "step" : undefined} onClick={() => go(step)}>
              <span className={css.number} data-done={done[step] || undefined} data-wrong={problems[step] ? true : undefined} aria-hidden>
                {problems[step] ? <IconAlertTriangle size={14} stroke={2.2} /> : done[step] ? <IconCheck size={14} stroke={3} /> : number + 1}
              </span>
              <span className={css.stepWords}>
                <strong>{copy.step[step]}</strong>
                <span className="soft small ellipsis">{chosen[step] || copy.todo}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
