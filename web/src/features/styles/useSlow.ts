import { useEffect, useState } from "react";
import { announce } from "~/shared/announce";
import { styles as copy } from "~/shared/copy/styles";

const SLOW_MS = 1_500; // a set that was rendered before is there sooner

/** Whether something has been going on for so long that it must be said why: a set is rendered. */
export function useSlow(busy: boolean): boolean {
  const [slow, set] = useState(false);
  useEffect(() => {
    if (!busy) return;
    const late = setTimeout(() => {
      set(true);
      announce(copy.stage.rendering);
    }, SLOW_MS);
    return () => (clearTimeout(late), set(false));
  }, [busy]);
  return slow;
}
