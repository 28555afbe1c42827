import { IconAlertTriangle, IconPhoto, IconPhotoOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Product } from "~/api/types";
import { library } from "~/shared/copy/library";
import { shortOf } from "~/shared/copy/findings";
import { Picture } from "~/shared/ui/Picture";
import { flagsOf, mainOf } from "./model";
import css from "./grid.module.css";

const copy = library.card;

/** A product by its main photo; its facts are below, never over the picture. */
export function ProductCard({ product }: { product: Product }) {
  const main = mainOf(product);
  return (
    <>
      <div className={css.frame}>
        {main ? <Picture src={main.thumb} alt="" /> : <span className={css.nothing}><IconPhotoOff size={34} stroke={1.2} aria-hidden /></span>}
      </div>
      <div className={css.caption}>
        <Link to="/library/$product" params={{ product: product.id }} className={`${css.title} ellipsis`} tabIndex={-1} draggable={false} title={product.title || product.sku}>
          {product.title || product.sku}
        </Link>{" "}
        <div className={css.facts}>
          <span className="ellipsis" title={product.sku}>{product.title ? product.sku : copy.untitled}</span>{" "}
          <Flagged findings={flagsOf(product)} />{" "}
          <span className="num" data-angles title={copy.angles(product.photos.length)}>
            <IconPhoto size={14} stroke={1.7} aria-hidden />{product.photos.length}
            <span className="visually-hidden"> {copy.ofPhotos(product.photos.length)}</span>
          </span>
        </div>
      </div>
    </>
  );
}

/** How many findings there are; the tooltip names them. */
export function Flagged({ findings }: { findings: readonly { check: string; verdict: string }[] }) {
  if (findings.length === 0) return null;
  const grave = findings.some((finding) => finding.verdict === "fail");
  const words = [...new Set(findings.map((finding) => shortOf(finding.check)))].join(", ");
  return (
    <span data-flags={grave ? "fail" : "warn"} className="num" title={words}>
      <IconAlertTriangle size={14} stroke={2} aria-hidden />{findings.length}
      <span className="visually-hidden">{" "}{copy.flagged(findings.length)}: {words}</span>
    </span>
  );
}
