/** What the library's parts ask of products and photos. */
import type { Finding, Photo, Product } from "~/api/types";


export const mainOf = (product: Product): Photo | undefined =>
  product.photos.find((photo) => photo.role === "main") ?? product.photos[0];

export const badOf = (photo: Photo): Finding[] =>
  photo.findings.filter((finding) => finding.verdict === "warn" || finding.verdict === "fail");

export const flagsOf = (product: Product): Finding[] => product.photos.flatMap(badOf);

/** What a product is called where there is room for one name. */
export const nameOf = (product: Product): string => product.title || product.sku;
