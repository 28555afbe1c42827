/** The products of a place: the grid, the selection, and what can be done with it. */
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
import { say } from "~/shared/notify";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Failed } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { useRemoveProducts, useSort } from "./deeds";
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
const draw = (product: Product) => <ProductCard product={product} />;

export function Products({ view }: { view: LibrarySearch }) {
  const navigate = useNavigate();
  const [order, setOrder] = useOrder();
  const asked = useInfiniteQuery(productPages(view, order));
  const tree = useQuery(collections());
  const [size, setSize] = useSize();
  const [asking, ask] = useState<"move" | "add" | "remove" | null>(null);
  const sort = useSort();
  const remove = useRemoveProducts();
  const dragged = useDragged();

  const places = useMemo(() => tree.data ?? [], [tree.data]);
  const place: Place | undefined = places.find((one) => one.id === view.collection);
  const inside = useMemo(() => (view.collection ? within(places, view.collection) : NOWHERE), [places, view.collection]);
  const loaded = useMemo(() => asked.data?.pages.flatMap((page) => page.items) ?? [], [asked.data]);
  const things = useMemo(() => loaded.filter((one) => shows(one, view, inside)), [loaded, view, inside]);
  const key = JSON.stringify([view.collection, view.q, view.show, order]);
  const ids = useMemo(() => things.map((one) => one.id), [things]);
  const selection = useSelection(ids, key);
  const chosen = useMemo(() => things.filter((one) => selection.ids.has(one.id)), [things, selection.ids]);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = asked;
  const more = useCallback(() => void (hasNextPage && !isFetchingNextPage && fetchNextPage()), [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const all = useCallback(async () => {
    let { data, hasNextPage: again } = asked;
    while (again) ({ data, hasNextPage: again } = await fetchNextPage());
    selection.set((data?.pages.flatMap((page) => page.items) ?? []).filter((one) => shows(one, view, inside)).map((one) => one.id));
  }, [asked, fetchNextPage, inside, selection, view]);
  useKeys({ "mod+a": () => void all(), ...(selection.ids.size > 0 && { escape: selection.clear, delete: () => ask("remove") }) });

  const drag = useCallback((event: React.DragEvent, one: Product) => {
    const taken = selection.ids.has(one.id) ? ids.filter((id) => selection.ids.has(id)) : [one.id];
    dragging.set({ kind: "products", ids: taken });
    event.dataTransfer.setData("text/plain", one.sku);
    event.dataTransfer.effectAllowed = "copyMove";
    dragCard(event, taken.length === 1 ? nameOf(one) : library.count(taken.length));
    event.currentTarget.addEventListener("dragend", () => dragging.set(null), { once: true });
  }, [ids, selection.ids]);
  const open = useCallback((one: Product) => void navigate({ to: "/library/$product", params: { product: one.id } }), [navigate]);

  const batch = (): void => {
    const made = chosen.filter((one) => one.photos.length > 0);
    const whole = place && !hasNextPage && !view.q && !view.show && chosen.length === things.length;
    if (made.length === 0) say(copy.noPhotos);
    else void navigate({ to: "/batches/new", search: whole ? { collection: place.id } : { products: made.map((one) => one.id).join(",") } });
  };
  const pick = (to: Place | null): void => {
    if (!to) return;
    if (asking === "move") sort.move(chosen, to, inside);
    else sort.add(chosen, to);
    selection.clear();
  };

  const title = place?.name ?? (view.show === "unsorted" ? library.places.unsorted : library.places.all);
  const total = (asked.data?.pages[0]?.total ?? loaded.length) - (loaded.length - things.length);
  const counted = asked.data && library.count(total);
  useEffect(() => {
    if (view.q && counted && !asked.isFetching) announce(counted);
  }, [view.q, counted, asked.isFetching]);
  const waiting = asked.isPending || (asked.isFetching && asked.isPlaceholderData && things.length === 0);
  return (
    <div className={css.centre}>
      <Toolbar
        title={title} path={place ? pathOf(places, place.id).slice(0, -1) : []} count={waiting ? undefined : counted} view={view} filtered={view.show !== "unsorted"} size={size} setSize={setSize} order={order} setOrder={setOrder}
        deeds={place && place.products_below > 0 && <LinkButton to="/batches/new" search={{ collection: place.id }} variant="default" size="xs" leftSection={<IconStack2 size={15} aria-hidden />}>{copy.batch}</LinkButton>}
      />
      {asked.isError && !asked.data ? <Failed error={asked.error} retry={() => void asked.refetch()} />
        : waiting ? <GridWaiting size={size} />
        : things.length === 0 ? <NoProducts view={view} place={place} />
        : (
          <Grid
            key={key} view={key} things={things} label={title} size={size} selection={selection} draw={draw} name={nameOf} open={open} drag={drag} more={more}
            foot={isFetchingNextPage && <p className={grid.foot} role="status">{library.loadingMore}</p>}
          />
        )}
      {dragged?.kind === "products" ? <p className={css.hint}>{library.places.dropOn}</p> : (
        <SelectionBar count={chosen.length} total={!hasNextPage && chosen.length === things.length} all={all} clear={selection.clear}>
          <Button leftSection={<IconStack2 size={17} aria-hidden />} onClick={batch}>{copy.batch}</Button>
          {place && <Button variant="default" leftSection={<IconFolderSymlink size={17} aria-hidden />} onClick={() => ask("move")}>{copy.move}</Button>}
          <Button variant="default" leftSection={<IconFolderPlus size={17} aria-hidden />} onClick={() => ask("add")}>{copy.add}</Button>
          {place && <Button variant="default" title={copy.takeOut(place.name)} onClick={() => (sort.takeOut(chosen, place, inside), selection.clear())}>{copy.takeOutShort}</Button>}
          <Button variant="subtle" color="no" leftSection={<IconTrash size={17} aria-hidden />} onClick={() => ask("remove")}>{copy.remove}</Button>
        </SelectionBar>
      )}
      {(asking === "move" || asking === "add") && (
        <PlacePicker title={library.pick[asking](chosen.length)} places={places} here={view.collection} makes close={() => ask(null)} pick={pick} />
      )}
      <Confirm
        opened={asking === "remove" && chosen.length > 0} title={library.remove.title(chosen.length)} deed={library.remove.deed} busy={remove.isPending}
        words={library.remove.words(chosen.length, chosen.reduce((sum, one) => sum + one.photos.length, 0))} close={() => ask(null)}
        confirm={() => remove.mutate(chosen.map((one) => one.id), { onSettled: () => (ask(null), selection.clear()) })}
      />
    </div>
  );
}

/** What was moved away, or put right, a moment ago is gone at once. */
function shows(product: Product, view: LibrarySearch, inside: ReadonlySet<string>): boolean {
  if (view.show === "flagged" && flagsOf(product).length === 0) return false;
  if (view.show === "unsorted" && product.collections.length > 0) return false;
  return !view.collection || product.collections.some((one) => inside.has(one));
}
