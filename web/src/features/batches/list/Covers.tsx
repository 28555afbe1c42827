/** The first pictures of a batch: finished where they are, else the photos. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { batches as copy } from "~/shared/copy/batches";
import { Picture } from "~/shared/ui/Picture";
import css from "./list.module.css";

const SHOWN = 4;

export function Covers({ batch, done, total }: { batch: string; done: number; total: number }) {
  // Loaded again as the first pictures are finished, not for each of two thousand.
  const covers = useQuery({
    queryKey: ["covers", batch, Math.min(done, SHOWN), total > 0],
    queryFn: async () => {
      const page = await unwrap(api.GET("/api/v1/batches/{batch_id}/items", { params: { path: { batch_id: batch }, query: { limit: SHOWN } } }));
      return page.items.map((item) => ({
        id: item.id, finished: Boolean(item.after),
        url: item.after || item.thumb,
      }));
    },
    staleTime: 60_000,
    placeholderData: (old) => old,
    enabled: total > 0,
  });
  return (
    <div className={css.covers} aria-hidden>
      {Array.from({ length: SHOWN }, (_, at) => {
        const one = covers.data?.[at];
        return <div key={at} className={css.cover} data-made={one?.finished || undefined}>{one && <Picture src={one.url} alt="" fit="cover" />}</div>;
      })}
      {total === 0 && <span className="visually-hidden">{copy.list.empty}</span>}
    </div>
  );
}
