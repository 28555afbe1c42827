/** Up to three photos in the style, side by side. The last picture is shown dimmed while the next is made. */
import { Button, Loader } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Photo, Style } from "~/api/types";
import { different, recentPhotos } from "~/features/styles/photos";
import { ofSet, preview, type Chosen } from "~/features/styles/previews";
import { isRendered } from "~/features/styles/sets";
import { SlowWords } from "~/features/styles/SlowWords";
import { useSlow } from "~/features/styles/useSlow";
import { batches } from "~/shared/copy/batches";
import { explain } from "~/shared/errors";
import { Flags } from "~/shared/ui/marks";
import { Picture } from "~/shared/ui/Picture";
import { pictureMissing, type StyleChoice } from "./draft";
import css from "./new.module.css";

const copy = batches.newBatch.style;
const SHOWN = 3;
const POOL = 30;
const SETTLED_MS = 400;

export function Preview({ style, choice, photos, name }: { style: Style; choice: StyleChoice; photos: Photo[]; name: string }) {
  const [from, setFrom] = useState(0);
  const recent = useQuery({ ...recentPhotos(), enabled: photos.length === 0 });
  const own = useMemo(() => different(photos).slice(0, POOL), [photos]);
  const pool = own.length > 0 ? own : (recent.data ?? []);
  const shown = pool.length <= SHOWN ? pool : Array.from({ length: SHOWN }, (_, at) => pool[(from + at) % pool.length]!);
  const missing = pictureMissing(choice, [style]);
  return (
    <div className={css.preview}>
      {missing ? <div className={css.previewNone}><p className="soft">{copy.pictureNeeded}</p></div>
        : shown.length === 0 ? <div className={css.previewNone}><p className="soft">{copy.previewWaits}</p></div>
        : (
          <div className={css.frames} data-count={shown.length} role="group" aria-label={copy.previewOf(name)}>
            {shown.map((photo) => <Frame key={photo.id} style={style} choice={choice} photo={photo} />)}
          </div>
        )}
      <div className={css.previewEnd}>
        {own.length === 0 && shown.length > 0 && <span className="soft small">{copy.previewLibrary}</span>}
        {pool.length > SHOWN && !missing && (
          <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => setFrom((from + SHOWN) % pool.length)}>{copy.others}</Button>
        )}
      </div>
    </div>
  );
}

function Frame({ style, choice, photo }: { style: Style; choice: StyleChoice; photo: Photo }) {
  const chosen = { ...(style.chosen as Chosen), ...choice.options };
  const [settled] = useDebouncedValue(JSON.stringify(chosen), SETTLED_MS);
  const options = preview(style.base, JSON.parse(settled) as Chosen, photo);
  const rendered = useQuery({ ...options, placeholderData: (old) => old });
  const busy = rendered.isFetching || settled !== JSON.stringify(chosen);
  const slow = useSlow(rendered.isFetching);
  return (
    <figure className={css.frame}>
      <div className={css.framed} data-busy={busy || undefined} data-checker={style.base === "transparent" || undefined}>
        {rendered.data ? <img src={rendered.data.src} alt={copy.previewOn(photo.name)} draggable={false} /> : <span className={css.before}><Picture src={photo.thumb} alt="" /></span>}
        {rendered.data && !busy && <div className={css.warning}><Flags findings={ofSet(rendered.data.findings)} most={1} /></div>}
        {busy && <span className={css.busy} role="status" aria-label={slow ? undefined : copy.previewing}><Loader size={16} color="gray" aria-hidden />{slow && <SlowWords of={options.queryKey} rendered={isRendered(style.base)} />}</span>}
        {rendered.isError && !busy && <p className={css.noPreview} role="alert">{explain(rendered.error).words || copy.previewFailed}</p>}
      </div>
    </figure>
  );
}
