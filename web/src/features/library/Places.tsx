/** The places on the left: all products, unsorted ones, photos without a product, and the tree. */
import { Skeleton } from "@mantine/core";
import { IconInbox, IconLayoutGrid, IconPhotoQuestion } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type ReactNode } from "react";
import { collections } from "~/api/queries";
import type { Place } from "~/api/types";
import { library } from "~/shared/copy/library";
import { Failed, Waiting } from "~/shared/ui/states";
import { Branch } from "./Branch";
import { Confirm } from "./Confirm";
import { useDragged } from "./dragging";
import { kinds } from "./kinds";
import { useOpenPlaces } from "./useOpenPlaces";
import { usePlaceActions } from "./placeActions";
import { PlacePicker } from "./PlacePicker";
import { productTotal, unassignedTotal } from "./queries";
import type { LibrarySearch } from "./search";
import { pathOf, within } from "./tree";
import css from "./places.module.css";

const copy = library.places;

export function Places({ view, drop }: { view: LibrarySearch; drop: (place: Place, ids: readonly string[], adds: boolean) => void }) {
  const navigate = useNavigate();
  const tree = useQuery(collections());
  const opened = useOpenPlaces();
  const actions = usePlaceActions();
  const dragged = useDragged();
  const [dialog, open] = useState<{ what: "move" | "remove"; place: Place } | null>(null);
  const places = tree.data ?? [];

  // The open place is in sight in the tree, whatever link led to it.
  const { put } = opened;
  useEffect(() => {
    if (view.collection && tree.data) put(pathOf(tree.data, view.collection).slice(0, -1).map((place) => place.id), true);
  }, [view.collection, tree.data, put]);

  return (
    <nav className={css.places} aria-label={copy.label} data-dragging={dragged ? dragged.kind : undefined}>
      <div className={css.firsts}>
        <First view={view} show={undefined} icon={<IconLayoutGrid size={17} stroke={1.6} aria-hidden />} count={<ProductCount />}>{copy.all}</First>
        <First view={view} show="unsorted" icon={<IconInbox size={17} stroke={1.6} aria-hidden />} count={<ProductCount unsorted />}>{copy.unsorted}</First>
        <First view={view} show="unassigned" icon={<IconPhotoQuestion size={17} stroke={1.6} aria-hidden />} count={<UnassignedCount />}>{copy.unassigned}</First>
      </div>
      {tree.isPending && <Waiting><div className={css.waiting}>{[70, 48, 62, 54, 40].map((width) => <Skeleton key={width} height={14} width={`${width}%`} />)}</div></Waiting>}
      {tree.isError && !tree.data && <Failed error={tree.error} retry={() => void tree.refetch()} />}
      {tree.data && kinds.map((kind) => (
        <Branch
          key={kind} kind={kind} places={places} current={view.collection} opened={opened} actions={actions} drop={drop}
          go={(id) => void navigate({ to: "/library", search: { collection: id } })} openDialog={(what, place) => open({ what, place })}
        />
      ))}
      {dialog?.what === "move" && (
        <PlacePicker
          title={library.pick.place(dialog.place.name)} places={places} hidden={within(places, dialog.place.id)} top={dialog.place.parent_id !== null}
          close={() => open(null)} pick={(to) => actions.move(dialog.place, to?.id ?? null)}
        />
      )}
      <Confirm
        opened={dialog?.what === "remove"} title={copy.removeTitle(dialog?.place.name ?? "")} action={copy.remove} busy={actions.remove.isPending}
        words={copy.removeWords(dialog?.place.products_below ?? 0, places.filter((one) => one.parent_id === dialog?.place.id).length)}
        close={() => open(null)}
        confirm={() => dialog && actions.remove.mutate(dialog.place, {
          onSuccess: () => {
            open(null);
            if (view.collection === dialog.place.id) void navigate({ to: "/library", search: {}, replace: true });
          },
        })}
      />
    </nav>
  );
}

function First({ view, show, icon, count, children }: { view: LibrarySearch; show: "unsorted" | "unassigned" | undefined; icon: ReactNode; count?: ReactNode; children: ReactNode }) {
  const navigate = useNavigate();
  const special = view.show === "unsorted" || view.show === "unassigned" ? view.show : undefined;
  const here = !view.collection && special === show;
  return (
    // Not the router's Link: it would say "page" of each of these, whatever is searched for.
    <a
      href={show ? `/library?show=${show}` : "/library"} className={css.row} aria-current={here ? "page" : undefined} data-first draggable={false}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        void navigate({ to: "/library", search: { show } });
      }}
    >
      {icon}
      <span className={`${css.label} ellipsis`}>{children}</span>
      <span className={css.end}>{count}</span>
    </a>
  );
}

const Count = ({ of }: { of: number | undefined }) => (of === undefined ? null : <span className={`${css.count} num`}>{of.toLocaleString()}</span>);
const ProductCount = ({ unsorted }: { unsorted?: true }) => <Count of={useQuery(productTotal(unsorted)).data} />;
const UnassignedCount = () => <Count of={useQuery(unassignedTotal()).data} />;
