import { IconCalendarEvent, IconFolder, IconTag } from "@tabler/icons-react";
import type { PlaceKind } from "~/api/types";

export const kinds: readonly PlaceKind[] = ["collection", "season", "category"];
const icons = { collection: IconFolder, season: IconCalendarEvent, category: IconTag };

/** The icon of a kind of place. */
export function KindIcon({ kind, size = 17 }: { kind: PlaceKind; size?: number }) {
  const Icon = icons[kind];
  return <Icon size={size} stroke={1.6} aria-hidden />;
}
