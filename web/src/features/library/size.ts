/** How large the pictures of the grid are, kept in the browser. */
import { useState } from "react";

const STORED = "packshot-library-size";
export const sizes = { least: 130, most: 380, usual: 184 };

export function useSize(): [number, (size: number) => void] {
  const [size, set] = useState(() => {
    const kept = Number(localStorage.getItem(STORED));
    return kept >= sizes.least && kept <= sizes.most ? kept : sizes.usual;
  });
  return [size, (next) => (localStorage.setItem(STORED, String(next)), set(next))];
}
