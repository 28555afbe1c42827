/** Photos that came without a product: given to one, made into one, or taken away. */
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
import { useRemovePhotos } from "./deeds";
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
const draw = (photo: Photo) => <PhotoCard photo={photo} />;
const nameOf = (photo: Photo) => photo.name;
type Asking = { what: "peek" | "assign" | "make" | "remove"; photos: readonly Photo[] } | null;

export function Unassigned({ view }: { view: LibrarySearch }) {
  const navigate = useNavigate();
  const asked = useInfiniteQuery(photoPages(view.q));
  const [size, setSize] = useSize();
  const [asking, ask] = useState<Asking>(null);
  const remove = useRemovePhotos();
  const things = useMemo(() => asked.data?.pages.flatMap((page) => page.items) ?? [], [asked.data]);
  const order = useMemo(() => things.map((one) => one.id), [things]);
  const key = `unassigned ${view.q ?? ""}`;
  const selection = useSelection(order, key);
  const chosen = things.filter((one) => selection.ids.has(one.id));

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = asked;
  const more = useCallback(() => void (hasNextPage && !isFetchingNextPage && fetchNextPage()), [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const all = async (): Promise<void> => {
    let { data, hasNextPage: again } = asked;
    while (again) ({ data, hasNextPage: again } = await fetchNextPage());
    selection.set(data?.pages.flatMap((page) => page.items).map((one) => one.id) ?? []);
  };
  useKeys({
    "mod+a": () => void all(),
    ...(chosen.length > 0 && { escape: selection.clear, delete: () => ask({ what: "remove", photos: chosen }) }),
  });
  const open = useCallback((photo: Photo) => ask({ what: "peek", photos: [photo] }), []);
  const close = () => ask(null);
  const photos = asking?.photos ?? [];
  const title = library.places.unassigned;
  return (
    <div className={css.centre}>
      <Toolbar title={title} count={asked.data && library.countPhotos(asked.data.pages[0]?.total ?? things.length)} view={view} filtered={false} size={size} setSize={setSize} />
      {asked.isError && !asked.data ? <Failed error={asked.error} retry={() => void asked.refetch()} />
        : asked.isPending ? <GridWaiting size={size} />
        : things.length === 0 ? <NoProducts view={view} />
        : (
          <Grid
            key={key} view={key} things={things} label={title} size={size} selection={selection} draw={draw} name={nameOf} open={open} more={more}
            foot={isFetchingNextPage && <p className={grid.foot} role="status">{library.loadingMore}</p>}
          />
        )}
      <SelectionBar count={chosen.length} total={!hasNextPage && chosen.length === things.length} all={all} clear={selection.clear}>
        <Button leftSection={<IconPhotoPlus size={17} aria-hidden />} onClick={() => ask({ what: "assign", photos: chosen })}>{copy.assign}</Button>
        <Button variant="default" leftSection={<IconBoxSeam size={17} aria-hidden />} onClick={() => ask({ what: "make", photos: chosen })}>{copy.make}</Button>
        <Button variant="default" leftSection={<IconStack2 size={17} aria-hidden />} onClick={() => void navigate({ to: "/batches/new", search: { images: chosen.map((one) => one.id).join(",") } })}>{copy.batch}</Button>
        <Button variant="subtle" color="no" leftSection={<IconTrash size={17} aria-hidden />} onClick={() => ask({ what: "remove", photos: chosen })}>{copy.remove}</Button>
      </SelectionBar>
      {asking?.what === "peek" && photos[0] && (
        <PhotoPeek photo={photos[0]} close={close} assign={() => ask({ what: "assign", photos })} make={() => ask({ what: "make", photos })} remove={() => ask({ what: "remove", photos })} />
      )}
      {asking?.what === "assign" && <AssignPhotos photos={photos} close={close} done={selection.clear} make={() => ask({ what: "make", photos })} />}
      {asking?.what === "make" && <NewProduct photos={photos} close={close} made={selection.clear} />}
      <Confirm
        opened={asking?.what === "remove"} title={library.remove.photosTitle(photos.length)} words={library.remove.photosWords} deed={library.remove.deed} busy={remove.isPending}
        close={close} confirm={() => remove.mutate(photos.map((one) => one.id), { onSettled: () => (close(), selection.clear()) })}
      />
    </div>
  );
}
