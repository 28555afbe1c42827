import type { QueryKey } from "@tanstack/react-query";
import { styles as copy } from "~/shared/copy/styles";
import { useQueued } from "~/shared/turns";

/** Why a preview takes so long: it waits for its turn, or its set is rendered. */
export function SlowWords({ of, rendered }: { of: QueryKey; rendered: boolean }) {
  return useQueued(of) ? copy.stage.queued : rendered && copy.stage.rendering;
}
