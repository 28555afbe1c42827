/** A screen: its title and actions on top, its content below, which scrolls. */
import { useEffect, type ReactNode } from "react";
import shell from "~/app/shell.module.css";
import { common } from "~/shared/copy/common";

export function Page({ title, before, beside, actions, children, scroll = true }: {
  title: string; before?: ReactNode; beside?: ReactNode; actions?: ReactNode; children: ReactNode; scroll?: boolean;
}) {
  useEffect(() => {
    document.title = `${title} · ${common.product}`;
  }, [title]);
  return (
    <div className={shell.page}>
      <header className={shell.top}>
        {before}
        <h1>{title}</h1>
        {beside}
        <span style={{ flex: 1 }} />
        {actions}
      </header>
      <div className={shell.body} style={scroll ? undefined : { overflow: "hidden" }}>{children}</div>
    </div>
  );
}
