/** A style as a card: a preview on the first of the chosen photos where there is one, else a drawing. */
import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Photo, Style } from "~/api/types";
import { StyleDrawing } from "~/features/styles/Cover";
import { preview, type Chosen } from "~/features/styles/previews";
import { batches } from "~/shared/copy/batches";
import { Picture } from "~/shared/ui/Picture";
import css from "./new.module.css";

export function StyleCard({ style, photo, on, toggle }: { style: Style; photo: Photo | undefined; on: boolean; toggle: () => void }) {
  const box = useRef<HTMLButtonElement>(null);
  const [onScreen, setOnScreen] = useState(false);
  useEffect(() => {
    if (!box.current) return;
    const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && setOnScreen(true));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const chosen = style.chosen as Chosen;
  const ready = style.base !== "image" || Boolean(chosen.picture);
  const rendered = useQuery({ ...preview(style.base, chosen, photo, true), enabled: onScreen && ready && photo !== undefined, placeholderData: (old) => old });
  return (
    <button ref={box} type="button" className={css.styleCard} aria-pressed={on} onClick={toggle} title={style.words}>
      <span className={css.stylePicture} data-checker={style.base === "transparent" || undefined} aria-hidden>
        {rendered.data ? <Picture src={rendered.data.src} alt="" eager /> : <StyleDrawing style={style} />}
        {on && <span className={css.tick}><IconCheck size={14} stroke={3} /></span>}
      </span>
      <span className={css.styleName}><span className="ellipsis">{style.name}</span>{!style.shipped && <span className="soft small">{batches.newBatch.style.own}</span>}</span>
    </button>
  );
}
