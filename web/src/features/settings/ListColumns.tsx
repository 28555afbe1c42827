/** What columns of lists were said to mean; one that is forgotten is asked for with the next list. */
import { CloseButton } from "@mantine/core";
import type { Workspace as View } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { upload } from "~/shared/copy/upload";
import type { Save } from "./Form";
import { Section } from "./Section";
import css from "./settings.module.css";

const copy = settings.workspace.columns;

export function ListColumns({ view, save }: { view: View; save: Save }) {
  const columns = Object.entries(view.settings.list_columns);
  if (columns.length === 0) return null;
  const forget = (name: string): void => save.put({ settings: { list_columns: Object.fromEntries(columns.filter(([other]) => other !== name)) } });
  return (
    <Section title={copy.title} words={copy.words}>
      <ul className={css.table}>
        {columns.map(([name, means]) => (
          <li key={name} className={css.row} style={{ minHeight: 48, padding: "8px 16px" }}>
            <span className={css.rowWords}>
              <strong>{name}</strong>
              <span className="soft small">{means ? upload.columns.fields[means] ?? means : upload.columns.leftOut}</span>
            </span>
            {save.owner && <CloseButton aria-label={copy.forget(name)} title={copy.forget(name)} disabled={save.busy} onClick={() => forget(name)} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}
