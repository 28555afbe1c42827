import { ActionIcon, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { common } from "~/shared/copy/common";
import { library } from "~/shared/copy/library";
import css from "./library.module.css";

/** The actions on the selection, in a bar that floats over the grid. */
export function SelectionBar({ count, total, all, clear, children }: { count: number; total: boolean; all: () => Promise<void>; clear: () => void; children: ReactNode }) {
  const [busy, setBusy] = useState(false);
  useEffect(() => setBusy(false), [count]);
  if (count === 0) return null;
  return (
    <div className={css.bar} role="region" aria-label={library.selection.label}>
      <strong className="num">{common.selected(count)}</strong>
      {!total && <button type="button" className={css.all} disabled={busy} onClick={() => (setBusy(true), void all().finally(() => setBusy(false)))}>{library.selection.all}</button>}
      <span className={css.rule} />
      {children}
      <Tooltip label={library.selection.clear}>
        <ActionIcon variant="subtle" color="gray" size={34} aria-label={library.selection.clear} onClick={clear}><IconX size={17} aria-hidden /></ActionIcon>
      </Tooltip>
    </div>
  );
}
