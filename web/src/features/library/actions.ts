/** Actions on products and photos. Each is announced; sorting can be undone. */
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { ApiError, api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo, Place, Product } from "~/api/types";
import { announce } from "~/shared/announce";
import { library } from "~/shared/copy/library";
import { notify, notifyError } from "~/shared/notify";
import { patchPhotos, patchProducts, refreshLater, refreshNow } from "./queries";
import { notifyWithUndo } from "./undo";

const copy = library.done;
const AT_ONCE = 4;

// --- sorting products into places ---

type Change = { place: string; add: string[]; remove: string[] };
type Sorting = { changes: Change[]; words: string; final?: boolean };

const inverse = (changes: Change[]): Change[] => changes.map(({ place, add, remove }) => ({ place, add: remove, remove: add }));

/** `from`: the places that the products leave, where they are in them. */
function changesOf(products: readonly Product[], to: string | null, from: ReadonlySet<string>): Change[] {
  const changes = new Map<string, Change>();
  const of = (place: string): Change => changes.get(place) ?? changes.set(place, { place, add: [], remove: [] }).get(place)!;
  for (const product of products) {
    if (to !== null && !product.collections.includes(to)) of(to).add.push(product.id);
    for (const place of product.collections) if (place !== to && from.has(place)) of(place).remove.push(product.id);
  }
  return [...changes.values()];
}

function apply(client: QueryClient, changes: Change[]): void {
  const [into, out] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const { place, add, remove } of changes) {
    for (const id of add) into.set(id, [...(into.get(id) ?? []), place]);
    for (const id of remove) out.set(id, [...(out.get(id) ?? []), place]);
  }
  patchProducts(client, (product) => {
    const [entered, left] = [into.get(product.id), out.get(product.id)];
    if (!entered && !left) return product;
    return { ...product, collections: [...product.collections.filter((place) => !left?.includes(place)), ...(entered ?? [])] };
  });
}

export function useSort() {
  const client = useQueryClient();
  const sorting = useMutation({
    mutationFn: async ({ changes }: Sorting) => {
      // Into the new place before out of the old one: if it stops half-way, every product is still in a place.
      for (const { place, add, remove } of [...changes].sort((a, b) => b.add.length - a.add.length)) {
        await unwrap(api.POST("/api/v1/collections/{collection_id}/products", { params: { path: { collection_id: place } }, body: { add, remove } }));
      }
    },
    onMutate: ({ changes }) => apply(client, changes),
    onSuccess: (_, { changes, words, final }) => {
      refreshLater(client);
      if (final) announce(words);
      else notifyWithUndo(words, () => sorting.mutate({ changes: inverse(changes), words: copy.undone, final: true }));
    },
    onError: (error, { changes }) => {
      apply(client, inverse(changes));
      refreshNow(client);
      notifyError(error);
    },
  });
  const sort = (products: readonly Product[], to: Place | null, from: ReadonlySet<string>, words: (count: number) => string): void => {
    const changes = changesOf(products, to?.id ?? null, from);
    const count = new Set(changes.flatMap(({ add, remove }) => [...add, ...remove])).size;
    if (count > 0) sorting.mutate({ changes, words: words(count) });
    else if (to) notify(copy.nothing(to.name));
  };
  const none: ReadonlySet<string> = new Set();
  return {
    add: (products: readonly Product[], to: Place) => sort(products, to, none, (count) => copy.added(count, to.name)),
    move: (products: readonly Product[], to: Place, from: ReadonlySet<string>) => sort(products, to, from, (count) => copy.moved(count, to.name)),
    takeOut: (products: readonly Product[], of: Place, from: ReadonlySet<string>) => sort(products, null, from, (count) => copy.out(count, of.name)),
  };
}

// --- deleting ---

/** Deletes a few at once; what is deleted already counts as done.  Returns the ids that are gone, and the errors. */
async function removeEach(ids: readonly string[], remove: (id: string) => Promise<unknown>): Promise<{ gone: Set<string>; errors: unknown[] }> {
  const [waiting, gone, errors] = [[...ids], new Set<string>(), [] as unknown[]];
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await remove(id);
        gone.add(id);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) gone.add(id);
        else errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { gone, errors };
}

export function useRemoveProducts() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids: readonly string[]) =>
      removeEach(ids, (id) => unwrap(api.DELETE("/api/v1/products/{product_id}", { params: { path: { product_id: id } } }))),
    onSuccess: ({ gone, errors }) => {
      patchProducts(client, (product) => (gone.has(product.id) ? null : product));
      refreshLater(client);
      announceRemoved(gone.size, errors, copy.removed);
    },
  });
}

export function useRemovePhotos() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids: readonly string[]) =>
      removeEach(ids, (id) => unwrap(api.DELETE("/api/v1/images/{image_id}", { params: { path: { image_id: id } } }))),
    onSuccess: ({ gone, errors }) => {
      patchPhotos(client, (photo) => (gone.has(photo.id) ? null : photo));
      patchProducts(client, (product) => withoutPhotos(product, gone));
      refreshLater(client);
      announceRemoved(gone.size, errors, copy.removedPhotos);
    },
  });
}

const withoutPhotos = (product: Product, gone: ReadonlySet<string>): Product =>
  product.photos.some((photo) => gone.has(photo.id)) ? { ...product, photos: product.photos.filter((photo) => !gone.has(photo.id)) } : product;

function announceRemoved(count: number, errors: unknown[], words: (count: number) => string): void {
  if (count > 0) (announce(words(count)), notify(words(count)));
  if (errors.length > 0) (notify(copy.someFailed(errors.length)), notifyError(errors[0]));
}

// --- photos that have no product yet ---

/** One by one and in order, so that the first becomes the main photo where there is none. */
export async function assignPhotos(client: QueryClient, photos: readonly Photo[], to: Product): Promise<void> {
  const gone = new Set<string>();
  try {
    for (const photo of photos) {
      await unwrap(api.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: photo.id } }, body: { product_id: to.id } }));
      gone.add(photo.id);
    }
  } finally {
    patchPhotos(client, (photo) => (gone.has(photo.id) ? null : photo));
    void client.invalidateQueries({ queryKey: keys.products });
  }
}
