/** Actions on one product and its photos. They run one after the other, each on the revision that the last one gave. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo, PhotoChange, Product, ProductChange } from "~/api/types";
import { announce } from "~/shared/announce";
import { productPage } from "~/shared/copy/library";
import { notify, notifyError } from "~/shared/notify";
import { patchProducts } from "./queries";


export function useProductActions(id: string) {
  const client = useQueryClient();
  const scope = { id: `product-${id}` };
  const cached = (): Product | undefined => client.getQueryData<Product>(keys.product(id));
  const ifMatch = () => ({ "If-Match": cached() ? `"${cached()?.revision}"` : undefined });
  const put = (product: Product): void => patchProducts(client, (one) => (one.id === product.id ? product : one));
  const putPhoto = (photo: Photo): void => {
    const product = cached();
    if (product) put({ ...product, photos: product.photos.map((one) => (one.id === photo.id ? photo : one)) });
  };
  const reload = () => client.invalidateQueries({ queryKey: keys.product(id) });
  const onFailure = (error: unknown): void => {
    void reload();
    if (error instanceof ApiError && error.status === 412) notify(productPage.stale);
    else notifyError(error);
  };

  const change = useMutation({
    scope,
    mutationFn: (body: ProductChange) => unwrap(api.PATCH("/api/v1/products/{product_id}", { params: { path: { product_id: id }, header: ifMatch() }, body })),
    onSuccess: (product) => put(product),
  });

  const role = (photo: Photo, to: string) =>
    unwrap(api.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: photo.id } }, body: { role: to } }));

  // The service stores order and roles apart; here the first photo is the main one, and angles are numbered in order.
  const order = useMutation({
    scope,
    mutationFn: async (photos: readonly Photo[]) => {
      for (const [at, numbered] of withRoles(photos).entries()) {
        const before = photos[at];
        if (before && before.role !== numbered.role) await role(before, numbered.role);
      }
      return unwrap(api.PUT("/api/v1/products/{product_id}/photos", {
        params: { path: { product_id: id }, header: ifMatch() }, body: { photos: photos.map((one) => one.id) },
      }));
    },
    onMutate: (photos) => {
      const product = cached();
      if (product) put({ ...product, photos: withRoles(photos) });
    },
    onSuccess: (product) => put(product),
    onError: onFailure,
  });

  const changePhoto = useMutation({
    scope,
    mutationFn: ({ photo, body }: { photo: Photo; body: PhotoChange }) =>
      unwrap(api.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: photo.id }, header: { "If-Match": `"${photo.revision}"` } }, body })),
    onSuccess: (photo) => {
      putPhoto(photo);
      void reload(); // another photo may have given up its role
      void client.invalidateQueries({ queryKey: keys.photos });
    },
  });

  /** When the main photo is removed, the next one becomes the main one. */
  const promote = useMutation({
    scope,
    mutationFn: async (gone: Photo) => {
      const next = cached()?.photos.find((one) => one.id !== gone.id);
      if (gone.role === "main" && next) await role(next, "main");
    },
    onSettled: () => void reload(),
  });

  const replace = useMutation({
    scope,
    mutationFn: ({ photo, file }: { photo: Photo; file: File }) => {
      const form = new FormData();
      form.append("file", file);
      return unwrap(api.PUT("/api/v1/images/{image_id}/file", { params: { path: { image_id: photo.id } }, body: { file: file.name }, bodySerializer: () => form }));
    },
    onSuccess: (photo) => {
      putPhoto(photo);
      announce(productPage.photo.replaced);
      notify(productPage.photo.replaced);
    },
    onError: onFailure,
  });

  const cut = useMutation({
    mutationFn: (photo: Photo) =>
      unwrap(api.POST("/api/v1/images/{image_id}/segment", { params: { path: { image_id: photo.id }, header: { prefer: "wait=50" } }, body: { refined: false } })),
    onSuccess: (job) => {
      void reload();
      if (job.error) notifyError(new ApiError(job.error));
    },
    onError: onFailure,
  });

  return { change, order, changePhoto, promote, replace, cut, reload, onFailure };
}

const NUMBERED = /^(main|angle \d+)$/;

/** Photos with roles by their order; a role that was named by a person stays, except on the first. */
const withRoles = (photos: readonly Photo[]): Photo[] =>
  photos.map((photo, at) => (at === 0 ? { ...photo, role: "main" } : NUMBERED.test(photo.role) ? { ...photo, role: `angle ${at + 1}` } : photo));

export type ProductActions = ReturnType<typeof useProductActions>;
