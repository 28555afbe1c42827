/** Uploads photos to a product, one after the other, each with its progress. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { upload } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo } from "~/api/types";
import { announce } from "~/shared/announce";
import { productPage } from "~/shared/copy/library";
import { notify, notifyError } from "~/shared/notify";
import { newId } from "~/shared/id";

export type Sending = { key: string; name: string; fraction: number };

export function useUploadPhotos(product: string) {
  const client = useQueryClient();
  const [sending, set] = useState<readonly Sending[]>([]);
  const queue = useRef(Promise.resolve());
  const sendOne = useCallback(async (key: string, file: File): Promise<boolean> => {
    const form = new FormData();
    form.append("product_id", product);
    form.append("file", file);
    try {
      await upload<Photo>("/api/v1/images", form, {
        key, progress: (fraction) => set((all) => all.map((each) => (each.key === key ? { ...each, fraction } : each))),
      });
      return true;
    } catch (error) {
      notify(productPage.notAdded(file.name));
      notifyError(error);
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: keys.product(product) });
      set((all) => all.filter((each) => each.key !== key));
    }
  }, [client, product]);

  const send = useCallback((files: Iterable<File>): void => {
    const queued = [...files].map((file) => ({ file, key: newId() }));
    if (queued.length === 0) return;
    set((all) => [...all, ...queued.map(({ file, key }) => ({ key, name: file.name, fraction: 0 }))]);
    queue.current = queue.current.then(async () => {
      let count = 0;
      for (const { file, key } of queued) if (await sendOne(key, file)) count += 1;
      if (count > 0) announce(productPage.added(count));
      void client.invalidateQueries({ queryKey: [...keys.products, "list"] });
    });
  }, [client, sendOne]);
  return { sending, send };
}
export const PICTURES = "image/jpeg,image/png,image/webp,image/avif,image/heic,image/heif,image/tiff,.heic,.heif,.tif,.tiff";
