/** Settings for the next photos: the collection, and how the product of a photo is found. */
import { IconFileSpreadsheet, IconFileZip } from "@tabler/icons-react";
import { Anchor } from "@mantine/core";
import { upload as copy } from "~/shared/copy/upload";
import { useSummary } from "../engine/store";
import css from "../upload.module.css";
import { Destination } from "./Destination";
import { Ways } from "./Ways";

const words = copy.setup;

export function Setup() {
  const { left, unpacking } = useSummary();
  return (
    <aside className={css.setup} aria-label={words.label}>
      {left + unpacking > 0 && <p className={`soft small ${css.next}`}>{words.next}</p>}
      <Destination />
      <Ways />
      <section className={css.notes}>
        <div>
          <IconFileSpreadsheet size={20} stroke={1.5} aria-hidden />
          <div>
            <h2>{words.list}</h2>
            <p className="soft small">{words.listWords}</p>
            <Anchor component="button" type="button" size="xs" underline="always" c="var(--ink)" className={css.sample} onClick={saveSample}>{words.example}</Anchor>
          </div>
        </div>
        <div>
          <IconFileZip size={20} stroke={1.5} aria-hidden />
          <div>
            <h2>{words.zip}</h2>
            <p className="soft small">{words.zipWords}</p>
          </div>
        </div>
      </section>
    </aside>
  );
}

function saveSample(): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", words.exampleRows], { type: "text/csv" }));
  link.download = words.exampleName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
