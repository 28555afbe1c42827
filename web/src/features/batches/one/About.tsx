import { useQuery } from "@tanstack/react-query";
import { channels as channelsQuery } from "~/api/queries";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { priorities } from "~/shared/copy/statuses";
import css from "./side.module.css";

const copy = batches.one;

/** The batch's styles, channels and priority. */
export function About({ batch, styleNames }: { batch: Batch; styleNames: Map<string, string> }) {
  const channels = useQuery(channelsQuery());
  const named = (id: string) => (id === "master" ? copy.master : (channels.data?.find((one) => one.id === id)?.channel.name ?? id));
  const rows: [string, string][] = [
    [copy.styles, batch.styles.map(({ style }) => styleNames.get(style) ?? copy.styleGone).join(", ")],
    [copy.channels, batch.channels.map(named).join(", ")],
    [copy.priority, priorities[batch.priority]?.name ?? ""],
    [copy.started, copy.at(batch.started_at ?? batch.created_at)],
  ];
  return (
    <section className={css.block} aria-label={copy.about}>
      <dl className={css.about}>{rows.map(([term, words]) => <div key={term}><dt>{term}</dt><dd>{words}</dd></div>)}</dl>
    </section>
  );
}
