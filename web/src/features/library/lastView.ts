/** The view of the library one was in last, to go back to from a product. */
import type { LibrarySearch } from "./search";

let last: LibrarySearch = {};
export const lastView = {
  get now(): LibrarySearch {
    return last;
  },
  set(view: LibrarySearch): void {
    last = view;
  },
};
