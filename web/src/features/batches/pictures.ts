/** Links to pictures are signed anew in each answer: the first is kept, or every refetch would load all pictures again. */
const GOOD_MS = 50 * 60_000; // they are good for an hour
const kept = new Map<string, { url: string; at: number }>();

export function stable(key: string, url: string): string {
  if (!url) return url;
  const known = kept.get(key);
  if (known && Date.now() - known.at < GOOD_MS) return known.url;
  kept.set(key, { url, at: Date.now() });
  return url;
}
