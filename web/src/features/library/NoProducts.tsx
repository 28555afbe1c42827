import { Button } from "@mantine/core";
import { IconFolderOpen, IconPhoto, IconSearch, IconCircleCheck } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { Place } from "~/api/types";
import { library } from "~/shared/copy/library";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Empty } from "~/shared/ui/states";
import type { LibrarySearch } from "./search";

const copy = library.empty;

/** Why there is nothing, and what to do. */
export function NoProducts({ view, place }: { view: LibrarySearch; place?: Place }) {
  const navigate = useNavigate();
  const to = (search: LibrarySearch) => () => void navigate({ to: "/library", search });
  if (view.q) {
    return (
      <Empty icon={<IconSearch size={28} stroke={1.4} />} title={copy.search(view.q)} words={copy.searchWords}>
        <Button variant="default" onClick={to({ ...view, q: undefined })}>{copy.searchAction}</Button>
      </Empty>
    );
  }
  const words = {
    flagged: [copy.flagged, copy.flaggedWords], "no-photos": [copy.noPhotos, copy.noPhotosWords],
    unsorted: [copy.unsorted, copy.unsortedWords], unassigned: [copy.unassigned, copy.unassignedWords],
  };
  if (view.show) {
    const [title = "", more] = words[view.show];
    return (
      <Empty icon={<IconCircleCheck size={30} stroke={1.4} />} title={title} words={more}>
        <Button variant="default" onClick={to({ collection: view.collection })}>{copy.showAll}</Button>
      </Empty>
    );
  }
  if (place) {
    return (
      <Empty icon={<IconFolderOpen size={30} stroke={1.4} />} title={copy.place(place.name)} words={copy.placeWords}>
        <Button variant="default" onClick={to({})}>{copy.placeAction}</Button>
      </Empty>
    );
  }
  return (
    <Empty icon={<IconPhoto size={30} stroke={1.4} />} title={copy.all} words={copy.allWords}>
      <LinkButton to="/upload">{library.upload}</LinkButton>
    </Empty>
  );
}
