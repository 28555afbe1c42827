import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconFolderSymlink, IconPencil, IconPlus, IconStack2, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { Place, PlaceKind } from "~/api/types";
import { library } from "~/shared/copy/library";
import { KindIcon, kinds } from "./kinds";

const copy = library.places;
export type PlaceMenuActions = { rename: () => void; inside: () => void; kind: (kind: PlaceKind) => void; move: () => void; remove: () => void };

/** The menu of actions on a place of the tree. */
export function PlaceMenu({ place, actions, reachable }: { place: Place; actions: PlaceMenuActions; reachable: boolean }) {
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" width={232} withInitialFocusPlaceholder={false} portalProps={{ target: "#screen" }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={26} aria-label={copy.actions(place.name)} tabIndex={reachable ? 0 : -1} data-more>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown onClick={(event) => event.stopPropagation()} onKeyDown={(event) => event.stopPropagation()}>
        <Menu.Item leftSection={<IconStack2 size={16} aria-hidden />} disabled={place.products_below === 0} onClick={() => void navigate({ to: "/batches/new", search: { collection: place.id } })}>{copy.batch}</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={actions.inside}>{copy.addInside[place.kind]}</Menu.Item>
        <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={actions.rename}>{copy.rename}</Menu.Item>
        <Menu.Item leftSection={<IconFolderSymlink size={16} aria-hidden />} onClick={actions.move}>{copy.move}</Menu.Item>
        {kinds.filter((kind) => kind !== place.kind).map((kind) => (
          <Menu.Item key={kind} leftSection={<KindIcon kind={kind} size={16} />} onClick={() => actions.kind(kind)}>{copy.makeIt[kind]}</Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item c="var(--no)" leftSection={<IconTrash size={16} aria-hidden />} onClick={actions.remove}>{copy.remove}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
