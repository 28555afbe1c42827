/** In a large batch, the picture that was finished last, large. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, unwrap } from "~/api/client";
import type { Item } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { live } from "~/shared/live";
import { Picture } from "~/shared/ui/Picture";
import sheet from "./sheet.module.css";
import css from "./side.module.css";
import { nameOf } from "./Tile";

const EVERY_MS = 1_600;

export function Newest({ batch }: { batch: string }) {
  const client = useQueryClient();
  const [newest, set] = useState<Item | null>(null);
  useEffect(() => {
    let waiting = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const load = async () => {
      const id = waiting;
      try {
        const item = await unwrap(api.GET("/api/v1/items/{item_id}", { params: { path: { item_id: id } } }));
        if (!ended && item.after) set(item);
      } catch {
        /* the next one will do */
      }
      timer = undefined;
      if (waiting !== id && !ended) timer = setTimeout(() => void load(), EVERY_MS);
    };
    const stop = live.listen((message) => {
      if (message.batch !== batch) return;
      const finished = message.items?.findLast((item) => item.status === "review" && item.by === null);
      if (!finished) return;
      waiting = finished.id;
      timer ??= setTimeout(() => void load(), 200);
    });
    return () => {
      ended = true;
      stop();
      clearTimeout(timer);
    };
  }, [batch, client]);
  if (!newest) return null;
  const name = nameOf(newest);
  return (
    <section className={css.newest} aria-label={batches.one.newest}>
      <Link to="/review/$batch" params={{ batch }} search={{ group: "all", item: newest.id }} aria-label={batches.one.openInReview(name)}>
        <div className={sheet.result} data-new key={newest.id}><Picture src={newest.after} alt="" eager /></div>
      </Link>
      <p className="small ellipsis"><span className="soft">{batches.one.newest}:</span> {name}</p>
    </section>
  );
}
