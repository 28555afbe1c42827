import { useEffect, useState } from "react";

/** Whether the space bar is held down: then dragging moves the photo. */
export function useSpaceHeld(enabled: boolean): boolean {
  const [held, set] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    const is = (event: KeyboardEvent): boolean => event.key === " " && !(event.target instanceof Element && event.target.closest("button, a, input"));
    const down = (event: KeyboardEvent) => is(event) && (event.preventDefault(), set(true));
    const up = (event: KeyboardEvent) => event.key === " " && set(false);
    const away = () => set(false);
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    addEventListener("blur", away);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", away);
    };
  }, [enabled]);
  return held;
}
