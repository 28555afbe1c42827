/** How products are sorted, kept in the browser. */
import { useState } from "react";
import type { Schemas } from "~/api/client";

export type Order = Schemas["ProductOrder"];
export const orders = ["newest", "sku", "title"] as const satisfies readonly Order[];
const STORED = "packshot-library-order";

export function useOrder(): [Order, (order: Order) => void] {
  const [order, set] = useState<Order>(() => orders.find((one) => one === localStorage.getItem(STORED)) ?? "newest");
  return [order, (next) => (localStorage.setItem(STORED, next), set(next))];
}
