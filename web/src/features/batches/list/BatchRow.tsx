import { IconHandStop } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { common } from "~/shared/copy/common";
import { priorities } from "~/shared/copy/statuses";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Bar, Pill, Status } from "~/shared/ui/marks";
import { BatchMenu } from "../BatchMenu";
import { isHeld } from "../cache";
import { countsOf, partsOf } from "../parts";
import { Covers } from "./Covers";
import css from "./list.module.css";

const copy = batches.list;

export function BatchRow({ batch, styleNames }: { batch: Batch; styleNames: Map<string, string> }) {
  const parts = partsOf(batch.counts);
  const counts = countsOf(batch.counts).filter((part) => part.value > 0);
  const styles = [...new Set(batch.styles.map(({ style }) => styleNames.get(style) ?? batches.one.styleGone))].join(", ");
  return (
    <article className={css.row} aria-label={copy.row(batch.name)}>
      <Covers batch={batch.id} done={batch.done} total={batch.total} />
      <div className={css.who}>
        <h2 className="ellipsis">
          <Link to="/batches/$batch" params={{ batch: batch.id }} className={css.link}>{batch.name}</Link>
        </h2>
        <p className="soft small ellipsis">
          {[styles, batch.priority === "standard" ? "" : priorities[batch.priority]?.name, common.ago(batch.created_at)].filter(Boolean).join(" · ")}
        </p>
      </div>
      <div className={css.far}>
        <Bar parts={parts} total={batch.total} label={copy.progress(batch.name)} />
        <p className="soft small num">
          {counts.length > 0 ? counts.map((part) => `${part.value.toLocaleString()} ${part.words}`).join(" · ") : copy.emptyBar}
        </p>
      </div>
      <div>{isHeld(batch) ? <Pill icon={<IconHandStop size={13} stroke={2} aria-hidden />}>{batches.one.held}</Pill> : <Status of={batch.state} />}</div>
      <div className={css.actions}>
        <NextAction batch={batch} />
        <BatchMenu batch={batch} />
      </div>
    </article>
  );
}

/** The one thing to do next. */
function NextAction({ batch }: { batch: Batch }) {
  const ready = batch.counts.review ?? 0;
  const approved = batch.counts.approved ?? 0;
  if (ready > 0) return <LinkButton to="/review/$batch" params={{ batch: batch.id }} variant={batch.state === "review" ? "filled" : "default"}>{copy.review(ready)}</LinkButton>;
  if (batch.state === "approved" && approved > 0) return <LinkButton to="/deliver" search={{ batch: batch.id }}>{copy.deliver}</LinkButton>;
  return <LinkButton to="/batches/$batch" params={{ batch: batch.id }} variant="default">{copy.open}</LinkButton>;
}
