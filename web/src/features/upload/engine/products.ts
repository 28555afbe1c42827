/** What a list says of a product beside its SKU: saved once, before its first photo. What the product has already stays. */
import { api, unwrap } from "~/api/client";
import type { Listed } from "./entry";

const requests = new Map<string, Promise<string>>();

/** The id of the product, which is created if there is none.  Raises ApiError, as where a GTIN's check digit is wrong. */
export function productId(sku: string, listed: Listed): Promise<string> {
  const existing = requests.get(sku);
  if (existing) return existing;
  const request = findOrCreate(sku, listed);
  requests.set(sku, request);
  request.catch(() => requests.delete(sku));
  return request;
}

async function findOrCreate(sku: string, listed: Listed): Promise<string> {
  const product = (await unwrap(api.GET("/api/v1/products", { params: { query: { sku } } }))).items[0];
  if (!product) return (await unwrap(api.POST("/api/v1/products", { body: { sku, category: "", ...listed } }))).id;
  const body: Partial<Listed> = {};
  for (const field of ["title", "gtin", "asin"] as const) if (listed[field] && !product[field]) body[field] = listed[field];
  if (Object.keys(body).length) await unwrap(api.PATCH("/api/v1/products/{product_id}", { params: { path: { product_id: product.id } }, body }));
  return product.id;
}
