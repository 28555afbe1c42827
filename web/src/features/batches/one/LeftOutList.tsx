/** Photos that were asked for and are not in the batch: second copies, which can be made after all, and deleted ones. */
import { Button } from "@mantine/core";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { useBatchActions } from "../useBatchActions";
import css from "./side.module.css";

const copy = batches.one.leftOut;

export function LeftOutList({ batch }: { batch: Batch }) {
  const { duplicates } = useBatchActions(batch);
  const count = batch.left_out.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return null;
  return (
    <section className={css.block} aria-label={copy.title(count)}>
      <h2>{copy.title(count)}</h2>
      <ul className={css.list}>
        {batch.left_out.map((one) => (
          <li key={one.check} className={css.cause}>
            <p className={css.line}><strong>{copy.reason(one.check)}</strong><span className="num soft small">{one.count.toLocaleString()}</span></p>
            <p className="soft small">{one.words}</p>
            {one.check === "duplicate" && batch.state !== "cancelled" && (
              <Button variant="default" size="xs" loading={duplicates.isPending} onClick={() => duplicates.mutate()}>{copy.include(one.count)}</Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
