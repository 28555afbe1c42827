/** A note on the files that were added last, where some of them did not go into the list. */
import { CloseButton } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { common } from "~/shared/copy/common";
import { store, useSummary } from "../engine/store";
import css from "../upload.module.css";

export function Note() {
  const { note } = useSummary();
  if (!note) return null;
  return (
    <div className={css.note}>
      <IconInfoCircle size={17} stroke={1.6} aria-hidden />
      <span>{note}</span>
      <CloseButton size="sm" aria-label={common.close} onClick={() => store.flag({ note: "" })} />
    </div>
  );
}
