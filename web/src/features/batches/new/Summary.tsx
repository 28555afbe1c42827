/** What will be made, and the button that makes it. */
import { Button } from "@mantine/core";
import { batches } from "~/shared/copy/batches";
import { explain } from "~/shared/errors";
import css from "./new.module.css";

const copy = batches.newBatch.sum;

export function Summary({ photos, list, styles, channels, missing, error, busy, create }: {
  photos: number | null; list: boolean; styles: number; channels: number; missing: boolean; error: unknown; busy: boolean; create: () => void;
}) {
  const files = (photos ?? 0) * styles * (channels + 1);
  const refused = error ? explain(error) : null;
  return (
    <footer className={css.summary} aria-label={copy.label}>
      {refused && (
        <div className={css.refusal} role="alert">
          <strong>{refused.words || refused.title}</strong>
          <span>{[refused.remedy, copy.refused].filter(Boolean).join(" ")}</span>
        </div>
      )}
      {!photos || styles === 0 ? <p className={css.sum}>{copy.hint}</p> : <p className={css.sum}>
        <span className="num">{list ? batches.newBatch.products.lines(photos) : copy.photos(photos)}</span>
        <span aria-hidden>×</span>
        <span className="num">{copy.styles(styles)}</span>
        <span aria-hidden>×</span>
        <span className="num">{copy.channels(channels)}</span>
        <span aria-hidden>=</span>
        <strong className="num">{list ? `${copy.about} ` : ""}{copy.files(files)}</strong>
      </p>}
      {missing && <p className={css.missing}>{copy.fix}</p>}
      <Button size="md" loading={busy} onClick={create}>{copy.create}</Button>
    </footer>
  );
}
