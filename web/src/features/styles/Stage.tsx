/** Up to three products side by side in the style. The last picture is shown dimmed until the next is made. */
import { Button, Loader } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPhotoPlus, IconPhotoUp } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Photo } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { explain } from "~/shared/errors";
import { announce } from "~/shared/announce";
import { Flags } from "~/shared/ui/marks";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Empty } from "~/shared/ui/states";
import { Heights, NEXT } from "./Heights";
import { hasFinding, ofSet, preview, type Chosen, type Preview, type Value } from "./previews";
import { isRendered } from "./sets";
import { SlowWords } from "./SlowWords";
import { useSlow } from "./useSlow";
import css from "./editor.module.css";

const DEBOUNCE_MS = 300;

export function Stage({ name, base, chosen, photos, loading, hasNone, set }: {
  name: string; base: string; chosen: Chosen; photos: Photo[]; loading: boolean; hasNone: boolean; set: (name: string, value: Value) => void;
}) {
  const [settled] = useDebouncedValue(chosen, DEBOUNCE_MS);
  const ready = base !== "image" || Boolean(settled.picture);
  const before = useRef(new Map<string, Preview>());
  const rendered = useQueries({
    queries: photos.map((photo) => ({ ...preview(base, settled, photo), enabled: ready })),
  });
  const busy = rendered.some((one) => one.isFetching);
  const slow = useSlow(busy);
  const [compared, setCompared] = useState<Photo | null>(null);
  const changed = useRef(false);
  useEffect(() => {
    if (busy) changed.current = true;
    else if (changed.current) {
      changed.current = false;
      announce(copy.stage.upToDate(photos.length));
    }
  }, [busy, photos.length]);

  if (hasNone) {
    return (
      <section className={css.stage} aria-label={copy.stage.label}>
        <Empty icon={<IconPhotoUp size={28} stroke={1.5} />} title={copy.stage.noPhotos} words={copy.stage.noPhotosWords}>
          <LinkButton to="/upload" variant="default">{copy.stage.upload}</LinkButton>
        </Empty>
      </section>
    );
  }
  if (!ready && !loading) {
    return (
      <section className={css.stage} aria-label={copy.stage.label}>
        <Empty icon={<IconPhotoPlus size={28} stroke={1.5} />} title={copy.stage.needsPicture} words={copy.stage.needsPictureWords} />
      </section>
    );
  }
  return (
    <section className={css.stage} aria-label={copy.stage.label} aria-busy={busy}>
      {photos.length === 0 && !loading && <p className="soft">{copy.stage.noneChosen}</p>}
      <div className={css.frames} style={{ ["--shown" as string]: photos.length }}>
        {photos.map((photo, at) => {
          const now = rendered[at];
          if (now?.data) before.current.set(photo.id, now.data);
          const shown = now?.data ?? before.current.get(photo.id);
          const waits = settled !== chosen || (now?.isFetching && !now.data);
          return (
            <figure key={photo.id} className={css.frame} data-dim={waits || undefined}>
              <div className={css.picture} data-checker={base === "transparent" || undefined}>
                {shown ? <img src={shown.src} alt={copy.stage.of(photo.name, name)} draggable={false} /> : <img className={css.photo} src={photo.thumb} alt="" draggable={false} />}
                {now?.isFetching && (
                  <span className={css.making} role="status" aria-label={slow ? undefined : copy.stage.making}>
                    <Loader size={18} color="gray" aria-hidden />{slow && <SlowWords of={preview(base, settled, photo).queryKey} rendered={isRendered(base)} />}
                  </span>
                )}
                {now?.isError && <p className={css.broken} role="alert">{copy.stage.failed} {explain(now.error).words}</p>}
              </div>
              <figcaption className="soft small ellipsis">{photo.name}</figcaption>
              {now?.data && <div className={css.message}><Flags findings={ofSet(now.data.findings)} most={1} /></div>}
              {now?.data && hasFinding(now.data.findings, "camera") && (
                <Button variant="default" size="compact-xs" className={css.message} aria-label={copy.heights.of(photo.name)} onClick={() => setCompared(photo)}>{copy.heights.guess}</Button>
              )}
            </figure>
          );
        })}
      </div>
      {compared && (
        <Heights
          close={() => setCompared(null)} name={compared.name} now={before.current.get(compared.id)?.src ?? ""} other={{ base, chosen: settled, photo: compared }} words={copy.heights.all}
          choose={() => set(NEXT.name, NEXT.value)}
        />
      )}
    </section>
  );
}
