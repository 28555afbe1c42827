/** The library's address before a product was opened, to go back to. */
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
