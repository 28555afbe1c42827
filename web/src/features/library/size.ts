/** How large the pictures of the grid are, remembered in the browser. */
import { useState } from "react";

const STORED = "packshot-library-size";
export const sizes = { least: 130, most: 380, usual: 184 };

export function useSize(): [number, (size: number) => void] {
  const [size, set] = useState(() => {
    const stored = Number(localStorage.getItem(STORED));
    return stored >= sizes.least && stored <= sizes.most ? stored : sizes.usual;
  });
  return [size, (next) => (localStorage.setItem(STORED, String(next)), set(next))];
}
