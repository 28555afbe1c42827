import { useEffect, useState } from "react";

const SLOW_MS = 1_500; // a set that was rendered before comes sooner

/** Whether a rendering takes so long that the person is told why. */
export function useSlow(busy: boolean): boolean {
  const [slow, set] = useState(false);
  useEffect(() => {
    if (!busy) return;
    const late = setTimeout(() => set(true), SLOW_MS);
    return () => (clearTimeout(late), set(false));
  }, [busy]);
  return slow;
}
