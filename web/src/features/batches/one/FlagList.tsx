/** What the checks flagged in the photos before any work was done. */
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { checks, shortOf } from "~/shared/copy/findings";
import { Picture } from "~/shared/ui/Picture";
import css from "./side.module.css";

const copy = batches.one;
const SHOWN = 5;

export function FlagList({ flags }: { flags: Batch["flags"] }) {
  if (flags.length === 0) return null;
  // A flag names twenty photos at most: only where it names all can they be counted.
  const whole = flags.every((flag) => flag.photos.length === flag.count);
  const title = whole ? copy.flags(new Set(flags.flatMap((flag) => flag.photos)).size) : copy.flagsSome;
  return (
    <section className={css.block} aria-label={title}>
      <h2>{title}</h2>
      <p className="soft small">{copy.flagsWords}</p>
      <ul className={css.list}>{flags.map((flag) => <Flag key={flag.check} flag={flag} />)}</ul>
    </section>
  );
}

function Flag({ flag }: { flag: Batch["flags"][number] }) {
  const [check = "", channel = ""] = flag.check.split(" for ");
  const short = shortOf(check);
  return (
    <li className={css.cause} data-tone="look">
      <div className={css.line}>
        <IconAlertTriangle size={15} stroke={2} aria-hidden style={{ color: "var(--look)", flex: "none" }} />
        <strong>{channel ? copy.flagFor(short, channel) : short}</strong>
        <span className="num soft">{flag.count.toLocaleString()}</span>
      </div>
      <p className="small soft">{checks[check]?.help && flag.count > 1 && !channel ? checks[check].help : flag.words}</p>
      <Photos ids={flag.photos.slice(0, SHOWN)} />
    </li>
  );
}

function Photos({ ids }: { ids: string[] }) {
  const photos = useQueries({
    queries: ids.map((id) => ({
      queryKey: [...keys.photos, "one", id],
      queryFn: () => unwrap(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } } })),
      staleTime: 5 * 60_000,
      retry: false,
    })),
  });
  const loaded = photos.flatMap((photo) => (photo.data ? [photo.data] : []));
  return (
    <div className={css.thumbs}>
      {loaded.map((photo) => {
        const picture = <Picture src={photo.thumb} alt={copy.flagPhoto(photo.name)} fit="cover" />;
        return photo.product_id
          ? <Link key={photo.id} to="/library/$product" params={{ product: photo.product_id }} className={css.thumb} title={photo.name}>{picture}</Link>
          : <span key={photo.id} className={css.thumb} title={photo.name}>{picture}</span>;
      })}
    </div>
  );
}
