/** What a list says of a product beside its SKU: told once, before its first photo. What the product says already stays. */
import { api, got } from "~/api/client";
import type { Listed } from "./entry";

const told = new Map<string, Promise<string>>();

/** The product's id, made if there is none.  Raises ApiError, as where a GTIN's check digit is wrong. */
export function product(sku: string, listed: Listed): Promise<string> {
  const known = told.get(sku);
  if (known) return known;
  const asked = tell(sku, listed);
  told.set(sku, asked);
  asked.catch(() => told.delete(sku));
  return asked;
}

async function tell(sku: string, listed: Listed): Promise<string> {
  const found = (await got(api.GET("/api/v1/products", { params: { query: { sku } } }))).items[0];
  if (!found) return (await got(api.POST("/api/v1/products", { body: { sku, category: "", ...listed } }))).id;
  const body: Partial<Listed> = {};
  for (const field of ["title", "gtin", "asin"] as const) if (listed[field] && !found[field]) body[field] = listed[field];
  if (Object.keys(body).length) await got(api.PATCH("/api/v1/products/{product_id}", { params: { path: { product_id: found.id } }, body }));
  return found.id;
}
