/** What the library's address says: the place that is open, the words searched for, and which products are shown. */
export const SHOWS = ["unassigned", "unsorted", "flagged", "no-photos"] as const;
export type LibrarySearch = { collection?: string; q?: string; show?: (typeof SHOWS)[number] };
