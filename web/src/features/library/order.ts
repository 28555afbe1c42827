/** How products are sorted, remembered in the browser. */
import { useState } from "react";
import type { ProductOrder } from "~/api/types";

export const orders = ["newest", "sku", "title"] as const satisfies readonly ProductOrder[];
const STORED = "packshot-library-order";

export function useOrder(): [ProductOrder, (order: ProductOrder) => void] {
  const [order, set] = useState<ProductOrder>(() => orders.find((one) => one === localStorage.getItem(STORED)) ?? "newest");
  return [order, (next) => (localStorage.setItem(STORED, next), set(next))];
}
