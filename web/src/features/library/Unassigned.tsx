/** Photos without a product: assigned to one, made into a new one, or deleted. */
import { Button } from "@mantine/core";
import { IconBoxSeam, IconPhotoPlus, IconStack2, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { Photo } from "~/api/types";
import { library } from "~/shared/copy/library";
import { useKeys } from "~/shared/keys";
import { Failed } from "~/shared/ui/states";
import { AssignPhotos } from "./AssignPhotos";
import { Confirm } from "./Confirm";
import { useRemovePhotos } from "./actions";
import { Grid } from "./Grid";
import { GridWaiting } from "./GridWaiting";
import { NewProduct } from "./NewProduct";
import { NoProducts } from "./NoProducts";
import { PhotoCard } from "./PhotoCard";
import { PhotoPeek } from "./PhotoPeek";
import { photoPages } from "./queries";
import type { LibrarySearch } from "./search";
import { useSelection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { useSize } from "./size";
import { Toolbar } from "./Toolbar";
import css from "./library.module.css";
import grid from "./grid.module.css";

const copy = library.selection;
const render = (photo: Photo) => <PhotoCard photo={photo} />;
const nameOf = (photo: Photo) => photo.name;
type Dialog = { what: "peek" | "assign" | "make" | "remove"; photos: readonly Photo[] } | null;

export function Unassigned({ view }: { view: LibrarySearch }) {
  const navigate = useNavigate();
  const list = useInfiniteQuery(photoPages(view.q));
  const [size, setSize] = useSize();
  const [dialog, setDialog] = useState<Dialog>(null);
  const remove = useRemovePhotos();
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const order = useMemo(() => items.map((one) => one.id), [items]);
  const key = `unassigned ${view.q ?? ""}`;
  const selection = useSelection(order, key);
  const chosen = items.filter((one) => selection.ids.has(one.id));

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => void (hasNextPage && !isFetchingNextPage && fetchNextPage()), [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const all = async (): Promise<void> => {
    let { data, hasNextPage: again } = list;
    while (again) ({ data, hasNextPage: again } = await fetchNextPage());
    selection.set(data?.pages.flatMap((page) => page.items).map((one) => one.id) ?? []);
  };
  useKeys({
    "mod+a": () => void all(),
    ...(chosen.length > 0 && { escape: selection.clear, delete: () => setDialog({ what: "remove", photos: chosen }) }),
  });
  const open = useCallback((photo: Photo) => setDialog({ what: "peek", photos: [photo] }), []);
  const close = () => setDialog(null);
  const photos = dialog?.photos ?? [];
  const title = library.places.unassigned;
  return (
    <div className={css.centre}>
      <Toolbar title={title} count={list.data && library.countPhotos(list.data.pages[0]?.total ?? items.length)} view={view} filtered={false} size={size} setSize={setSize} />
      {list.isError && !list.data ? <Failed error={list.error} retry={() => void list.refetch()} />
        : list.isPending ? <GridWaiting size={size} />
        : items.length === 0 ? <NoProducts view={view} />
        : (
          <Grid
            key={key} view={key} items={items} label={title} size={size} selection={selection} render={render} name={nameOf} open={open} more={more}
            foot={isFetchingNextPage && <p className={grid.foot} role="status">{library.loadingMore}</p>}
          />
        )}
      <SelectionBar count={chosen.length} total={!hasNextPage && chosen.length === items.length} all={all} clear={selection.clear}>
        <Button leftSection={<IconPhotoPlus size={17} aria-hidden />} onClick={() => setDialog({ what: "assign", photos: chosen })}>{copy.assign}</Button>
        <Button variant="default" leftSection={<IconBoxSeam size={17} aria-hidden />} onClick={() => setDialog({ what: "make", photos: chosen })}>{copy.make}</Button>
        <Button variant="default" leftSection={<IconStack2 size={17} aria-hidden />} onClick={() => void navigate({ to: "/batches/new", search: { images: chosen.map((one) => one.id).join(",") } })}>{copy.batch}</Button>
        <Button variant="subtle" color="no" leftSection={<IconTrash size={17} aria-hidden />} onClick={() => setDialog({ what: "remove", photos: chosen })}>{copy.remove}</Button>
      </SelectionBar>
      {dialog?.what === "peek" && photos[0] && (
        <PhotoPeek photo={photos[0]} close={close} assign={() => setDialog({ what: "assign", photos })} make={() => setDialog({ what: "make", photos })} remove={() => setDialog({ what: "remove", photos })} />
      )}
      {dialog?.what === "assign" && <AssignPhotos photos={photos} close={close} done={selection.clear} make={() => setDialog({ what: "make", photos })} />}
      {dialog?.what === "make" && <NewProduct photos={photos} close={close} created={selection.clear} />}
      <Confirm
        opened={dialog?.what === "remove"} title={library.remove.photosTitle(photos.length)} words={library.remove.photosWords} action={library.remove.action} busy={remove.isPending}
        close={close} confirm={() => remove.mutate(photos.map((one) => one.id), { onSettled: () => (close(), selection.clear()) })}
      />
    </div>
  );
}
