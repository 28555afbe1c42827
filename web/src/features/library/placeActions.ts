/** Actions on places of the tree: create, rename, move, delete. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Place, PlaceChange, PlaceKind } from "~/api/types";
import { announce } from "~/shared/announce";
import { library } from "~/shared/copy/library";
import { notifyError } from "~/shared/notify";
import { refreshNow } from "./queries";

const copy = library.places;
type Changing = { place: Place; change: PlaceChange; words: string };

export function usePlaceActions() {
  const client = useQueryClient();
  const patch = (change: (places: Place[]) => Place[]) => client.setQueryData<Place[]>(keys.collections, (places) => places && change(places));
  const after = () => void client.invalidateQueries({ queryKey: keys.collections });

  const create = useMutation({
    mutationFn: (place: { kind: PlaceKind; name: string; parent: string | null }) =>
      unwrap(api.POST("/api/v1/collections", { body: { kind: place.kind, name: place.name, parent_id: place.parent, position: 0 } })),
    onSuccess: (created) => {
      patch((places) => [...places, created].sort((a, b) => a.position - b.position || a.name.localeCompare(b.name)));
      after();
      announce(copy.created(created.name));
    },
    onError: notifyError,
  });

  const change = useMutation({
    mutationFn: ({ place, change }: Changing) =>
      unwrap(api.PATCH("/api/v1/collections/{collection_id}", {
        params: { path: { collection_id: place.id }, header: { "If-Match": `"${place.revision}"` } }, body: change,
      })),
    onMutate: ({ place, change }) => {
      const { kind, name, position } = change;
      const fields = { ...(kind && { kind }), ...(name && { name }), ...(position != null && { position }) };
      const parent = change.parent_id === undefined ? {} : { parent_id: change.parent_id };
      patch((places) => places.map((one) => (one.id === place.id ? { ...one, ...fields, ...parent } : one)));
    },
    onSuccess: (_, { words }) => announce(words),
    onError: notifyError,
    onSettled: () => refreshNow(client), // the products of a place include those of the places inside it
  });

  const remove = useMutation({
    mutationFn: (place: Place) => unwrap(api.DELETE("/api/v1/collections/{collection_id}", { params: { path: { collection_id: place.id } } })),
    onSuccess: (_, place) => {
      patch((places) => places.filter((one) => one.id !== place.id).map((one) => (one.parent_id === place.id ? { ...one, parent_id: place.parent_id } : one)));
      announce(copy.removed(place.name));
      refreshNow(client);
    },
    onError: notifyError,
  });

  return {
    make: create,
    remove,
    rename: (place: Place, name: string) => change.mutate({ place, change: { name }, words: copy.renamed(name) }),
    kind: (place: Place, kind: PlaceKind) => change.mutate({ place, change: { kind }, words: copy.moved(place.name) }),
    move: (place: Place, parent: string | null, kind?: PlaceKind) =>
      change.mutate({ place, change: { parent_id: parent, ...(kind && { kind }) }, words: copy.moved(place.name) }),
  };
}
export type PlaceActions = ReturnType<typeof usePlaceActions>;
