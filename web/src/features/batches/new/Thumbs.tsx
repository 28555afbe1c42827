/** A few thumbnails, all of them on demand; photos with warnings are marked. */
import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import type { Photo } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { Picture } from "~/shared/ui/Picture";
import css from "./new.module.css";
import { needsLook } from "./usePhotos";

const copy = batches.newBatch.products;
const FEW = 24;
const MANY = 300; // more small pictures than anybody looks through here

export function Thumbs({ photos, without, more = 0 }: { photos: Photo[] | null; without: ReadonlySet<string>; more?: number }) {
  const [all, setAll] = useState(false);
  if (!photos) return <div className={css.thumbs} aria-busy="true">{Array.from({ length: 12 }, (_, at) => <Skeleton key={at} radius="sm" style={{ aspectRatio: "1" }} />)}</div>;
  // Photos with warnings come first.
  const sorted = [...photos].sort((a, b) => Number(needsLook(b)) - Number(needsLook(a)));
  const shown = sorted.slice(0, all ? MANY : photos.length + more > FEW ? FEW - 1 : FEW); // the last place says how many more
  const rest = photos.length + more - shown.length;
  return (
    <>
      <ul className={css.thumbs}>
        {shown.map((photo) => {
          const words = photo.findings.filter((one) => one.verdict === "warn" || one.verdict === "fail").map((one) => one.words).join(" ");
          return (
            <li key={photo.id} className={css.thumb} data-out={without.has(photo.id) || undefined} data-look={needsLook(photo) || undefined} title={[photo.name, words].filter(Boolean).join("\n")}>
              <Picture src={photo.thumb} alt={words ? `${photo.name}: ${words}` : photo.name} fit="cover" />
              {words && <span className={css.flag} aria-hidden><IconAlertTriangle size={11} stroke={2.4} /></span>}
            </li>
          );
        })}
        {rest > 0 && <li className={css.rest}><span className="num">+{rest.toLocaleString()}</span></li>}
      </ul>
      {photos.length > FEW && (
        <div><Button size="compact-sm" variant="default" onClick={() => setAll(!all)}>{all ? copy.fewer : copy.all}</Button></div>
      )}
    </>
  );
}
