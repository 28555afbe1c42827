/** What the library's parts share: names of types, and questions about products and photos. */
import type { Schemas } from "~/api/client";

export type Product = Schemas["ProductView"];
export type Photo = Schemas["PhotoView"];
export type Place = Schemas["CollectionView"];
export type Kind = Schemas["Kind"];

export const mainOf = (product: Product): Photo | undefined =>
  product.photos.find((photo) => photo.role === "main") ?? product.photos[0];

export const badOf = (photo: Photo): Schemas["Finding"][] =>
  photo.findings.filter((finding) => finding.verdict === "warn" || finding.verdict === "fail");

export const flagsOf = (product: Product): Schemas["Finding"][] => product.photos.flatMap(badOf);

/** What a product is called where there is room for one name. */
export const nameOf = (product: Product): string => product.title || product.sku;
