/** One setting of the workspace, saved by itself; the button appears with a change. */
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import type { Workspace } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import css from "./settings.module.css";

/** What is not named keeps its value. */
export type Change = { name?: string; settings?: Partial<Workspace["settings"]> };
export type Save = { put: (change: Change) => void; busy: boolean; owner: boolean };

export function Form({ save, changed, go, children }: { save: Save; changed: boolean; go: () => void; children: ReactNode }) {
  return (
    <form className={css.form} onSubmit={(event) => (event.preventDefault(), changed && go())}>
      {children}
      {changed && <div><Button type="submit" loading={save.busy}>{settings.save}</Button></div>}
    </form>
  );
}
