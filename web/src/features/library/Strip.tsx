/** The angles of a product: chosen, reordered by dragging, and added to. */
import { IconGripVertical, IconPlus } from "@tabler/icons-react";
import { useRef, useState } from "react";
import type { Photo } from "~/api/types";
import { productPage as copy, roleWords } from "~/shared/copy/library";
import { Picture } from "~/shared/ui/Picture";
import { badOf } from "./model";
import { Flagged } from "./ProductCard";
import { PICTURES, type Sending } from "./useUploadPhotos";
import css from "./strip.module.css";

export function Strip({ photos, current, choose, reorder, sending, send }: {
  photos: readonly Photo[]; current: string; choose: (id: string) => void; reorder: (photos: Photo[], moved: Photo) => void;
  sending: readonly Sending[]; send: (files: Iterable<File>) => void;
}) {
  const [dragged, drag] = useState<string | null>(null);
  const [before, setBefore] = useState<number | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const drop = (): void => {
    const from = photos.findIndex((one) => one.id === dragged);
    const moved = photos[from];
    if (moved && before !== null) {
      const rest = photos.filter((one) => one !== moved);
      rest.splice(before > from ? before - 1 : before, 0, moved);
      if (rest.some((one, at) => one !== photos[at])) reorder(rest, moved);
    }
    drag(null);
    setBefore(null);
  };
  return (
    <section aria-label={copy.strip} className={css.strip}>
      <ol
        className={css.list}
        onDragOver={(event) => {
          if (!dragged) return;
          event.preventDefault();
          event.dataTransfer.dropEffect = "move";
        }}
        onDrop={(event) => dragged && (event.preventDefault(), drop())}
      >
        {photos.map((photo, at) => (
          <li
            key={photo.id} className={css.angle} data-current={photo.id === current || undefined} data-dragged={photo.id === dragged || undefined}
            data-before={(dragged && before === at) || undefined} data-after={(dragged && before === photos.length && at === photos.length - 1) || undefined}
            draggable={photos.length > 1}
            onDragStart={(event) => {
              drag(photo.id);
              event.dataTransfer.setData("text/plain", photo.name);
              event.dataTransfer.effectAllowed = "move";
            }}
            onDragEnd={() => (drag(null), setBefore(null))}
            onDragOver={(event) => {
              const box = event.currentTarget.getBoundingClientRect();
              if (dragged) setBefore(event.clientX < box.left + box.width / 2 ? at : at + 1);
            }}
          >
            <button type="button" className={css.picture} aria-current={photo.id === current || undefined} aria-label={copy.picture(roleWords(photo.role), photo.name)} onClick={() => choose(photo.id)}>
              <Picture src={photo.thumb} alt="" eager />
            </button>
            <span className={css.role}>
              {photos.length > 1 && <IconGripVertical size={13} stroke={1.8} aria-hidden />}
              <span className="ellipsis">{roleWords(photo.role)}</span>
              <Flagged findings={badOf(photo)} />
            </span>
          </li>
        ))}
        {sending.map((one) => (
          <li key={one.key} className={css.angle}>
            <div className={css.picture} role="progressbar" aria-label={one.name} aria-valuenow={Math.round(one.fraction * 100)} aria-valuemin={0} aria-valuemax={100}>
              <span className={css.progress}><span style={{ width: `${one.fraction * 100}%` }} /></span>
            </div>
            <span className={css.role}><span className="ellipsis">{one.name}</span></span>
          </li>
        ))}
        <li className={css.angle}>
          <button type="button" className={css.more} onClick={() => input.current?.click()}>
            <IconPlus size={20} stroke={1.6} aria-hidden />{copy.add}
          </button>
          <input ref={input} type="file" multiple accept={PICTURES} hidden onChange={(event) => (send(event.target.files ?? []), (event.target.value = ""))} />
        </li>
      </ol>
    </section>
  );
}
