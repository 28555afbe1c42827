import type { Photo } from "~/api/types";
import { productPage } from "~/shared/copy/library";
import { Picture } from "~/shared/ui/Picture";
import { badOf } from "./model";
import { Flagged } from "./ProductCard";
import css from "./grid.module.css";

/** A photo that has no product yet. */
export function PhotoCard({ photo }: { photo: Photo }) {
  return (
    <>
      <div className={css.frame}><Picture src={photo.thumb} alt="" /></div>
      <div className={css.caption}>
        <button type="button" className={`${css.title} ellipsis`} tabIndex={-1} title={photo.name}>{photo.name}</button>{" "}
        <div className={css.facts}>
          <span className="ellipsis num">{productPage.photo.size(photo.width, photo.height)}</span>{" "}
          <Flagged findings={badOf(photo)} />
        </div>
      </div>
    </>
  );
}
