/** Up to three photos in the look, side by side. The picture before stays, dimmed, while the next is made. */
import { Button, Loader } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { Photo, Style } from "~/api/types";
import { different, recentPhotos } from "~/features/styles/photos";
import { ofSet, preview, type Chosen } from "~/features/styles/previews";
import { isRendered } from "~/features/styles/sets";
import { useSlow } from "~/features/styles/useSlow";
import { batches } from "~/shared/copy/batches";
import { styles } from "~/shared/copy/styles";
import { Flags } from "~/shared/ui/marks";
import { Picture } from "~/shared/ui/Picture";
import { told } from "~/shared/ui/states";
import { pictureMissing, type Look } from "./draft";
import css from "./fresh.module.css";

const copy = batches.fresh.style;
const SHOWN = 3;
const POOL = 30;
const SETTLED_MS = 400;

export function Preview({ style, look, photos, name }: { style: Style; look: Look; photos: Photo[]; name: string }) {
  const [from, turn] = useState(0);
  const recent = useQuery({ ...recentPhotos(), enabled: photos.length === 0 });
  const own = useMemo(() => different(photos).slice(0, POOL), [photos]);
  const pool = own.length > 0 ? own : (recent.data ?? []);
  const shown = pool.length <= SHOWN ? pool : Array.from({ length: SHOWN }, (_, at) => pool[(from + at) % pool.length]!);
  const missing = pictureMissing(look, [style]);
  return (
    <div className={css.preview}>
      {missing ? <div className={css.previewNone}><p className="soft">{copy.pictureNeeded}</p></div>
        : shown.length === 0 ? <div className={css.previewNone}><p className="soft">{copy.previewWaits}</p></div>
        : (
          <div className={css.frames} data-count={shown.length} role="group" aria-label={copy.previewOf(name)}>
            {shown.map((photo) => <Frame key={photo.id} style={style} look={look} photo={photo} />)}
          </div>
        )}
      <div className={css.previewEnd}>
        {own.length === 0 && shown.length > 0 && <span className="soft small">{copy.previewLibrary}</span>}
        {pool.length > SHOWN && !missing && (
          <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => turn((from + SHOWN) % pool.length)}>{copy.others}</Button>
        )}
      </div>
    </div>
  );
}

function Frame({ style, look, photo }: { style: Style; look: Look; photo: Photo }) {
  const chosen = { ...(style.chosen as Chosen), ...look.options };
  const settled = useSettled(JSON.stringify(chosen));
  const made = useQuery({ ...preview(style.base, JSON.parse(settled) as Chosen, photo), placeholderData: (old) => old });
  const busy = made.isFetching || settled !== JSON.stringify(chosen);
  const slow = useSlow(made.isFetching && isRendered(style.base));
  return (
    <figure className={css.frame}>
      <div className={css.framed} data-busy={busy || undefined} data-checker={style.base === "transparent" || undefined}>
        {made.data ? <img src={made.data.src} alt={copy.previewOn(photo.name)} draggable={false} /> : <span className={css.before}><Picture src={photo.thumb} alt="" /></span>}
        {made.data && !busy && <div className={css.unfit}><Flags findings={ofSet(made.data.findings)} most={1} /></div>}
        {busy && <span className={css.busy} role="status" aria-label={slow ? undefined : copy.previewing}><Loader size={16} color="gray" aria-hidden />{slow && styles.stage.rendering}</span>}
        {made.isError && !busy && <p className={css.noPreview} role="alert">{told(made.error).words || copy.previewFailed}</p>}
      </div>
    </figure>
  );
}

function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const soon = setTimeout(() => settle(value), SETTLED_MS);
    return () => clearTimeout(soon);
  }, [value]);
  return settled;
}
