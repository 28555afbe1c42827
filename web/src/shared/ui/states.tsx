/** Loading, empty, failed: the same everywhere. */
import { Button, Skeleton } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { common } from "~/shared/copy/common";
import { explain } from "~/shared/errors";
import css from "./states.module.css";

export function Empty({ icon, title, words, children }: { icon?: ReactNode; title: string; words?: string; children?: ReactNode }) {
  return (
    <div className={css.state}>
      {icon && <div className={css.icon} aria-hidden>{icon}</div>}
      <h2>{title}</h2>
      {words && <p className="soft">{words}</p>}
      {children && <div className={css.actions}>{children}</div>}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, words, remedy, reference } = explain(error);
  return (
    <div className={css.state} role="alert">
      <h2>{title}</h2>
      <p>{words}</p>
      <p className="soft">{remedy || common.error.safe}</p>
      {reference && <p className="soft small">{common.error.reference}: <code>{reference}</code></p>}
      {retry && <div className={css.actions}><Button variant="default" onClick={retry}>{common.retry}</Button></div>}
    </div>
  );
}

/** A skeleton in the final layout, only once loading takes longer than 150 ms. */
export function Waiting({ children }: { children: ReactNode }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const soon = setTimeout(() => show(true), 150);
    return () => clearTimeout(soon);
  }, []);
  return <div aria-busy="true" aria-label={common.loading} role="status">{shown ? children : null}</div>;
}

export function TilesWaiting({ count = 18, size = 168 }: { count?: number; size?: number }) {
  return (
    <Waiting>
      <div className={css.tiles} style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${size}px, 1fr))` }}>
        {Array.from({ length: count }, (_, at) => <Skeleton key={at} radius="md" style={{ aspectRatio: "1" }} />)}
      </div>
    </Waiting>
  );
}

export function RowsWaiting({ count = 6, height = 64 }: { count?: number; height?: number }) {
  return (
    <Waiting>
      <div className={css.rows}>{Array.from({ length: count }, (_, at) => <Skeleton key={at} height={height} radius="md" />)}</div>
    </Waiting>
  );
}
