import { Skeleton } from "@mantine/core";
import { Waiting } from "~/shared/ui/states";
import css from "./grid.module.css";

/** The grid while it is loading. */
export function GridWaiting({ size }: { size: number }) {
  return (
    <Waiting>
      <div className={css.waiting} style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${size}px, 1fr))` }}>
        {Array.from({ length: 20 }, (_, at) => (
          <div key={at}>
            <Skeleton radius={10} style={{ aspectRatio: "1" }} />
            <Skeleton height={12} width="62%" mt={14} />
            <Skeleton height={10} width="38%" mt={9} mb={3} />
          </div>
        ))}
      </div>
    </Waiting>
  );
}
