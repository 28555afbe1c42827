/** The view of the library one was in last, to go back to from a product. */
import type { View } from "./model";

let last: View = {};
export const lastView = {
  get now(): View {
    return last;
  },
  set(view: View): void {
    last = view;
  },
};
