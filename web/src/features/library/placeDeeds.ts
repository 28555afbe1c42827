/** Making, naming, moving and deleting places of the tree. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, got } from "~/api/client";
import { keys } from "~/api/queries";
import type { Place, PlaceChange, PlaceKind } from "~/api/types";
import { announce } from "~/shared/announce";
import { library } from "~/shared/copy/library";
import { sayFailed } from "~/shared/notify";
import { refreshNow } from "./queries";

const copy = library.places;
type Changing = { place: Place; change: PlaceChange; words: string };

export function usePlaceDeeds() {
  const client = useQueryClient();
  const patch = (change: (places: Place[]) => Place[]) => client.setQueryData<Place[]>(keys.collections, (places) => places && change(places));
  const after = () => void client.invalidateQueries({ queryKey: keys.collections });

  const make = useMutation({
    mutationFn: (asked: { kind: PlaceKind; name: string; parent: string | null }) =>
      got(api.POST("/api/v1/collections", { body: { kind: asked.kind, name: asked.name, parent_id: asked.parent, position: 0 } })),
    onSuccess: (made) => {
      patch((places) => [...places, made].sort((a, b) => a.position - b.position || a.name.localeCompare(b.name)));
      after();
      announce(copy.made(made.name));
    },
    onError: sayFailed,
  });

  const change = useMutation({
    mutationFn: ({ place, change }: Changing) =>
      got(api.PATCH("/api/v1/collections/{collection_id}", {
        params: { path: { collection_id: place.id }, header: { "If-Match": `"${place.revision}"` } }, body: change,
      })),
    onMutate: ({ place, change }) => {
      const { kind, name, position } = change;
      const told = { ...(kind && { kind }), ...(name && { name }), ...(position != null && { position }) };
      const parent = change.parent_id === undefined ? {} : { parent_id: change.parent_id };
      patch((places) => places.map((one) => (one.id === place.id ? { ...one, ...told, ...parent } : one)));
    },
    onSuccess: (_, { words }) => announce(words),
    onError: sayFailed,
    onSettled: () => refreshNow(client), // what is "in" a place changes with what is inside it
  });

  const remove = useMutation({
    mutationFn: (place: Place) => got(api.DELETE("/api/v1/collections/{collection_id}", { params: { path: { collection_id: place.id } } })),
    onSuccess: (_, place) => {
      patch((places) => places.filter((one) => one.id !== place.id).map((one) => (one.parent_id === place.id ? { ...one, parent_id: place.parent_id } : one)));
      announce(copy.removed(place.name));
      refreshNow(client);
    },
    onError: sayFailed,
  });

  return {
    make,
    remove,
    rename: (place: Place, name: string) => change.mutate({ place, change: { name }, words: copy.renamed(name) }),
    kind: (place: Place, kind: PlaceKind) => change.mutate({ place, change: { kind }, words: copy.moved(place.name) }),
    move: (place: Place, parent: string | null, kind?: PlaceKind) =>
      change.mutate({ place, change: { parent_id: parent, ...(kind && { kind }) }, words: copy.moved(place.name) }),
  };
}
export type PlaceDeeds = ReturnType<typeof usePlaceDeeds>;
