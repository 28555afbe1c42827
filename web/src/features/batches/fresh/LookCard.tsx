/** A style as a card: on the first of the chosen photos where that is possible, else drawn. */
import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Photo, Style } from "~/api/types";
import { Drawn } from "~/features/styles/Cover";
import { preview, type Chosen } from "~/features/styles/previews";
import { batches } from "~/shared/copy/batches";
import { Picture } from "~/shared/ui/Picture";
import css from "./fresh.module.css";

export function LookCard({ style, photo, on, toggle }: { style: Style; photo: Photo | undefined; on: boolean; toggle: () => void }) {
  const box = useRef<HTMLButtonElement>(null);
  const [seen, see] = useState(false);
  useEffect(() => {
    if (!box.current) return;
    const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && see(true));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const chosen = style.chosen as Chosen;
  const ready = style.base !== "image" || Boolean(chosen.picture);
  const made = useQuery({ ...preview(style.base, chosen, photo, true), enabled: seen && ready && photo !== undefined, placeholderData: (old) => old });
  return (
    <button ref={box} type="button" className={css.look} aria-pressed={on} onClick={toggle} title={style.words}>
      <span className={css.lookPicture} data-checker={style.base === "transparent" || undefined} aria-hidden>
        {made.data ? <Picture src={made.data.src} alt="" eager /> : <Drawn look={style} />}
        {on && <span className={css.tick}><IconCheck size={14} stroke={3} /></span>}
      </span>
      <span className={css.lookName}><span className="ellipsis">{style.name}</span>{!style.shipped && <span className="soft small">{batches.fresh.style.own}</span>}</span>
    </button>
  );
}
