/** Changes to one product and to its photos. One after the other, each on what the one before left. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api, got } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo, PhotoChange, Product, ProductChange } from "~/api/types";
import { announce } from "~/shared/announce";
import { productPage } from "~/shared/copy/library";
import { say, sayFailed } from "~/shared/notify";
import { patchProducts } from "./queries";


export function useProductDeeds(id: string) {
  const client = useQueryClient();
  const scope = { id: `product-${id}` };
  const now = (): Product | undefined => client.getQueryData<Product>(keys.product(id));
  const seen = () => ({ "If-Match": now() ? `"${now()?.revision}"` : undefined });
  const put = (product: Product): void => patchProducts(client, (one) => (one.id === product.id ? product : one));
  const putPhoto = (photo: Photo): void => {
    const product = now();
    if (product) put({ ...product, photos: product.photos.map((one) => (one.id === photo.id ? photo : one)) });
  };
  const again = () => client.invalidateQueries({ queryKey: keys.product(id) });
  const failed = (error: unknown): void => {
    void again();
    if (error instanceof ApiError && error.status === 412) say(productPage.stale);
    else sayFailed(error);
  };

  const change = useMutation({
    scope,
    mutationFn: (body: ProductChange) => got(api.PATCH("/api/v1/products/{product_id}", { params: { path: { product_id: id }, header: seen() }, body })),
    onSuccess: (product) => put(product),
  });

  const role = (photo: Photo, told: string) =>
    got(api.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: photo.id } }, body: { role: told } }));

  // The service keeps order and roles apart; here the first is the main photo, and angles are counted as they are seen.
  const order = useMutation({
    scope,
    mutationFn: async (photos: readonly Photo[]) => {
      for (const [at, wanted] of counted(photos).entries()) {
        const before = photos[at];
        if (before && before.role !== wanted.role) await role(before, wanted.role);
      }
      return got(api.PUT("/api/v1/products/{product_id}/photos", {
        params: { path: { product_id: id }, header: seen() }, body: { photos: photos.map((one) => one.id) },
      }));
    },
    onMutate: (photos) => {
      const product = now();
      if (product) put({ ...product, photos: counted(photos) });
    },
    onSuccess: (product) => put(product),
    onError: failed,
  });

  const changePhoto = useMutation({
    scope,
    mutationFn: ({ photo, body }: { photo: Photo; body: PhotoChange }) =>
      got(api.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: photo.id }, header: { "If-Match": `"${photo.revision}"` } }, body })),
    onSuccess: (photo) => {
      putPhoto(photo);
      void again(); // another photo may have given up its role
      void client.invalidateQueries({ queryKey: keys.photos });
    },
  });

  /** When the main photo goes, the next one takes its place. */
  const promote = useMutation({
    scope,
    mutationFn: async (gone: Photo) => {
      const next = now()?.photos.find((one) => one.id !== gone.id);
      if (gone.role === "main" && next) await role(next, "main");
    },
    onSettled: () => void again(),
  });

  const replace = useMutation({
    scope,
    mutationFn: ({ photo, file }: { photo: Photo; file: File }) => {
      const form = new FormData();
      form.append("file", file);
      return got(api.PUT("/api/v1/images/{image_id}/file", { params: { path: { image_id: photo.id } }, body: { file: file.name }, bodySerializer: () => form }));
    },
    onSuccess: (photo) => {
      putPhoto(photo);
      announce(productPage.photo.replaced);
      say(productPage.photo.replaced);
    },
    onError: failed,
  });

  const cut = useMutation({
    mutationFn: (photo: Photo) =>
      got(api.POST("/api/v1/images/{image_id}/segment", { params: { path: { image_id: photo.id }, header: { prefer: "wait=50" } }, body: { refined: false } })),
    onSuccess: (job) => {
      void again();
      if (job.error) sayFailed(new ApiError(job.error));
    },
    onError: failed,
  });

  return { change, order, changePhoto, promote, replace, cut, again, failed };
}

const COUNTED = /^(main|angle \d+)$/;

/** Their roles by their places; what has a name of its own keeps it, unless it is the first. */
const counted = (photos: readonly Photo[]): Photo[] =>
  photos.map((photo, at) => (at === 0 ? { ...photo, role: "main" } : COUNTED.test(photo.role) ? { ...photo, role: `angle ${at + 1}` } : photo));

export type ProductDeeds = ReturnType<typeof useProductDeeds>;
