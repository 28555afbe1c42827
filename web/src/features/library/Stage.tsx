/** The photo, large; or its cut-out, on a checkerboard. */
import { Button, Loader, SegmentedControl } from "@mantine/core";
import { IconScissors } from "@tabler/icons-react";
import { useState } from "react";
import type { Photo } from "~/api/types";
import { productPage as copy, roleWords } from "~/shared/copy/library";
import { Full, isShown } from "./Full";
import css from "./product.module.css";

export type StageView = "photo" | "cutout";
const views: { value: StageView; label: string }[] = [{ value: "photo", label: copy.view.photo }, { value: "cutout", label: copy.view.cutout }];

export const Views = ({ view, show }: { view: StageView; show: (view: StageView) => void }) => (
  <SegmentedControl size="xs" data={views} value={view} onChange={(to) => show(to === "cutout" ? to : "photo")} aria-label={copy.view.label} />
);

export function Stage({ photo, view, cutting, cut }: { photo: Photo; view: StageView; cutting: boolean; cut: () => void }) {
  return (
    <div className={css.stage}>
      <div className={css.picture}>
        {view === "photo" ? <Full photo={photo} alt={copy.picture(roleWords(photo.role), photo.name)} />
          : photo.matte_version > 0 ? <Cutout key={`${photo.id}${photo.matte_version}`} photo={photo} />
          : (
            <div className={css.notCutOut}>
              <h2>{copy.notCut}</h2>
              <p className="soft">{copy.notCutWords}</p>
              <Button mt="sm" leftSection={<IconScissors size={17} aria-hidden />} loading={cutting} onClick={cut}>{copy.cut}</Button>
            </div>
          )}
      </div>
      {view === "photo" && !isShown(photo) && <p className={`${css.note} soft small`}>{copy.notShown}</p>}
    </div>
  );
}

// The service renders it at full size, which takes a moment.
function Cutout({ photo }: { photo: Photo }) {
  const [ready, set] = useState(false);
  return (
    <>
      {!ready && <div className={css.loading} role="status"><Loader size="sm" /><span className="soft">{copy.cutting}</span></div>}
      <img
        className={css.cutout} data-ready={ready || undefined} src={`/api/v1/images/${photo.id}/cutout?v=${photo.matte_version}`} alt={copy.cutoutOf(photo.name)}
        draggable={false} onLoad={() => set(true)} onError={() => set(true)}
      />
    </>
  );
}
