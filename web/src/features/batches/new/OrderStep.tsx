/** Step 4: how urgent, how careful, and by which name. */
import { Radio, Switch, TextInput } from "@mantine/core";
import { batches } from "~/shared/copy/batches";
import { priorities } from "~/shared/copy/statuses";
import type { Draft } from "./draft";
import css from "./new.module.css";
import type { StepProps } from "./Products";

const copy = batches.newBatch.order;
const LEVELS = ["urgent", "standard", "overnight"] as const;
const isLevel = (value: string): value is Draft["priority"] => LEVELS.some((level) => level === value);

export function OrderStep({ draft, change, name, wrong }: StepProps & { name: string; wrong?: string }) {
  return (
    <>
      <TextInput
        label={copy.name} description={copy.nameHelp} value={draft.name ?? name} maxLength={200} className={css.field} error={wrong}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Radio.Group label={copy.priority} value={draft.priority} onChange={(value) => isLevel(value) && change({ priority: value })}>
        <div className={css.levels}>
          {LEVELS.map((level) => (
            <label key={level} className={css.level} data-on={draft.priority === level || undefined}>
              <Radio value={level} aria-label={priorities[level]?.name} />
              <span><strong>{priorities[level]?.name}</strong><span className="soft small">{priorities[level]?.words}</span></span>
            </label>
          ))}
        </div>
      </Radio.Group>
      <div className={css.switches}>
        <Switch label={copy.refine} description={copy.refineWords} checked={draft.refine} onChange={(event) => change({ refine: event.currentTarget.checked })} />
        <Switch label={copy.upscale} description={copy.upscaleWords} checked={draft.upscale} onChange={(event) => change({ upscale: event.currentTarget.checked })} />
        <Switch label={copy.hold} description={copy.holdWords} checked={draft.hold} onChange={(event) => change({ hold: event.currentTarget.checked })} />
      </div>
    </>
  );
}
