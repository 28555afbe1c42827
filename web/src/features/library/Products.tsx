/** The products of a place: the grid, the selection, and the actions on it. */
import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconFolderPlus, IconFolderSymlink, IconStack2, IconTrash } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { collections } from "~/api/queries";
import type { Place, Product } from "~/api/types";
import { announce } from "~/shared/announce";
import { library } from "~/shared/copy/library";
import { useKeys } from "~/shared/keys";
import { notify } from "~/shared/notify";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Failed } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { useRemoveProducts, useSort } from "./actions";
import { dragCard, dragging, useDragged } from "./dragging";
import { Grid } from "./Grid";
import { GridWaiting } from "./GridWaiting";
import { flagsOf, nameOf } from "./model";
import { NoProducts } from "./NoProducts";
import { useOrder } from "./order";
import { PlacePicker } from "./PlacePicker";
import { ProductCard } from "./ProductCard";
import { productPages } from "./queries";
import type { LibrarySearch } from "./search";
import { useSelection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { useSize } from "./size";
import { Toolbar } from "./Toolbar";
import { pathOf, within } from "./tree";
import css from "./library.module.css";
import grid from "./grid.module.css";

const copy = library.selection;
const NOWHERE: ReadonlySet<string> = new Set();
const render = (product: Product) => <ProductCard product={product} />;

export function Products({ view }: { view: LibrarySearch }) {
  const navigate = useNavigate();
  const [order, setOrder] = useOrder();
  const list = useInfiniteQuery(productPages(view, order));
  const tree = useQuery(collections());
  const [size, setSize] = useSize();
  const [dialog, setDialog] = useState<"move" | "add" | "remove" | null>(null);
  const sort = useSort();
  const remove = useRemoveProducts();
  const dragged = useDragged();

  const places = useMemo(() => tree.data ?? [], [tree.data]);
  const place: Place | undefined = places.find((one) => one.id === view.collection);
  const inside = useMemo(() => (view.collection ? within(places, view.collection) : NOWHERE), [places, view.collection]);
  const loaded = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const items = useMemo(() => loaded.filter((one) => shows(one, view, inside)), [loaded, view, inside]);
  const key = JSON.stringify([view.collection, view.q, view.show, order]);
  const ids = useMemo(() => items.map((one) => one.id), [items]);
  const selection = useSelection(ids, key);
  const chosen = useMemo(() => items.filter((one) => selection.ids.has(one.id)), [items, selection.ids]);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => void (hasNextPage && !isFetchingNextPage && fetchNextPage()), [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const all = useCallback(async () => {
    let { data, hasNextPage: again } = list;
    while (again) ({ data, hasNextPage: again } = await fetchNextPage());
    selection.set((data?.pages.flatMap((page) => page.items) ?? []).filter((one) => shows(one, view, inside)).map((one) => one.id));
  }, [list, fetchNextPage, inside, selection, view]);
  useKeys({ "mod+a": () => void all(), ...(selection.ids.size > 0 && { escape: selection.clear, delete: () => setDialog("remove") }) });

  const drag = useCallback((event: React.DragEvent, one: Product) => {
    const dragIds = selection.ids.has(one.id) ? ids.filter((id) => selection.ids.has(id)) : [one.id];
    dragging.set({ kind: "products", ids: dragIds });
    event.dataTransfer.setData("text/plain", one.sku);
    event.dataTransfer.effectAllowed = "copyMove";
    dragCard(event, dragIds.length === 1 ? nameOf(one) : library.count(dragIds.length));
    event.currentTarget.addEventListener("dragend", () => dragging.set(null), { once: true });
  }, [ids, selection.ids]);
  const open = useCallback((one: Product) => void navigate({ to: "/library/$product", params: { product: one.id } }), [navigate]);

  const batch = (): void => {
    const withPhotos = chosen.filter((one) => one.photos.length > 0);
    const whole = place && !hasNextPage && !view.q && !view.show && chosen.length === items.length;
    if (withPhotos.length === 0) notify(copy.noPhotos);
    else void navigate({ to: "/batches/new", search: whole ? { collection: place.id } : { products: withPhotos.map((one) => one.id).join(",") } });
  };
  const pick = (to: Place | null): void => {
    if (!to) return;
    if (dialog === "move") sort.move(chosen, to, inside);
    else sort.add(chosen, to);
    selection.clear();
  };

  const title = place?.name ?? (view.show === "unsorted" ? library.places.unsorted : library.places.all);
  const total = (list.data?.pages[0]?.total ?? loaded.length) - (loaded.length - items.length);
  const countWords = list.data && library.count(total);
  useEffect(() => {
    if (view.q && countWords && !list.isFetching) announce(countWords);
  }, [view.q, countWords, list.isFetching]);
  const waiting = list.isPending || (list.isFetching && list.isPlaceholderData && items.length === 0);
  return (
    <div className={css.centre}>
      <Toolbar
        title={title} path={place ? pathOf(places, place.id).slice(0, -1) : []} count={waiting ? undefined : countWords} view={view} filtered={view.show !== "unsorted"} size={size} setSize={setSize} order={order} setOrder={setOrder}
        actions={place && place.products_below > 0 && <LinkButton to="/batches/new" search={{ collection: place.id }} variant="default" size="xs" leftSection={<IconStack2 size={15} aria-hidden />}>{copy.batch}</LinkButton>}
      />
      {list.isError && !list.data ? <Failed error={list.error} retry={() => void list.refetch()} />
        : waiting ? <GridWaiting size={size} />
        : items.length === 0 ? <NoProducts view={view} place={place} />
        : (
          <Grid
            key={key} view={key} items={items} label={title} size={size} selection={selection} render={render} name={nameOf} open={open} drag={drag} more={more}
            foot={isFetchingNextPage && <p className={grid.foot} role="status">{library.loadingMore}</p>}
          />
        )}
      {dragged?.kind === "products" ? <p className={css.hint}>{library.places.dropOn}</p> : (
        <SelectionBar count={chosen.length} total={!hasNextPage && chosen.length === items.length} all={all} clear={selection.clear}>
          <Button leftSection={<IconStack2 size={17} aria-hidden />} onClick={batch}>{copy.batch}</Button>
          {place && <Button variant="default" leftSection={<IconFolderSymlink size={17} aria-hidden />} onClick={() => setDialog("move")}>{copy.move}</Button>}
          <Button variant="default" leftSection={<IconFolderPlus size={17} aria-hidden />} onClick={() => setDialog("add")}>{copy.add}</Button>
          {place && <Button variant="default" title={copy.takeOut(place.name)} onClick={() => (sort.takeOut(chosen, place, inside), selection.clear())}>{copy.takeOutShort}</Button>}
          <Button variant="subtle" color="no" leftSection={<IconTrash size={17} aria-hidden />} onClick={() => setDialog("remove")}>{copy.remove}</Button>
        </SelectionBar>
      )}
      {(dialog === "move" || dialog === "add") && (
        <PlacePicker title={library.pick[dialog](chosen.length)} places={places} here={view.collection} canCreate close={() => setDialog(null)} pick={pick} />
      )}
      <Confirm
        opened={dialog === "remove" && chosen.length > 0} title={library.remove.title(chosen.length)} action={library.remove.action} busy={remove.isPending}
        words={library.remove.words(chosen.length, chosen.reduce((sum, one) => sum + one.photos.length, 0))} close={() => setDialog(null)}
        confirm={() => remove.mutate(chosen.map((one) => one.id), { onSettled: () => (setDialog(null), selection.clear()) })}
      />
    </div>
  );
}

/** Whether the view still has the product: one that was moved or corrected leaves it at once. */
function shows(product: Product, view: LibrarySearch, inside: ReadonlySet<string>): boolean {
  if (view.show === "flagged" && flagsOf(product).length === 0) return false;
  if (view.show === "unsorted" && product.collections.length > 0) return false;
  return !view.collection || product.collections.some((one) => inside.has(one));
}
