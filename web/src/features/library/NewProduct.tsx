/** Creates a product, with or without photos that have none yet. */
import { Button, Checkbox, Group, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { ApiError, api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Photo, Place, Product } from "~/api/types";
import { announce } from "~/shared/announce";
import { common } from "~/shared/copy/common";
import { library } from "~/shared/copy/library";
import { sentence, explain } from "~/shared/errors";
import { Picture } from "~/shared/ui/Picture";
import { assignPhotos } from "./actions";
import { skuOf } from "./sku";
import css from "./library.module.css";

const copy = library.product;

export function NewProduct({ photos = [], place, close, created }: { photos?: readonly Photo[]; place?: Place; close: () => void; created: (product: Product) => void }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState({ sku: photos[0] ? skuOf(photos[0].name) : "", title: "", gtin: "", asin: "", category: "" });
  const [into, setInto] = useState(true);
  const create = useMutation({
    mutationFn: async () => {
      const product = await unwrap(api.POST("/api/v1/products", { body: draft }));
      if (place && into) {
        await unwrap(api.POST("/api/v1/collections/{collection_id}/products", { params: { path: { collection_id: place.id } }, body: { add: [product.id], remove: [] } }));
      }
      await assignPhotos(client, photos, product);
      return product;
    },
    onSuccess: (product) => {
      void client.invalidateQueries({ queryKey: keys.products });
      void client.invalidateQueries({ queryKey: keys.collections });
      announce(library.done.productCreated(product.title || product.sku));
      close();
      created(product);
    },
  });
  const wrong = create.error ? explain(create.error) : null;
  const fields = create.error instanceof ApiError ? create.error.problem.errors : [];
  const wrongOf = (field: string) => {
    const words = fields.find((one) => one.field === field)?.words;
    return words && `${sentence(words)}.`;
  };
  const field = (name: keyof typeof draft, label: string) => ({
    label, value: draft[name], error: wrongOf(name), maxLength: 200, autoComplete: "off",
    onChange: (event: { target: { value: string } }) => setDraft({ ...draft, [name]: event.target.value }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (draft.sku.trim()) create.mutate();
  };
  return (
    <Modal opened onClose={close} title={library.newProduct} size={520}>
      <form onSubmit={submit} className={css.fields}>
        {photos.length > 0 && (
          <>
            <div className={css.thumbs}>{photos.slice(0, 14).map((photo) => <div key={photo.id}><Picture src={photo.thumb} alt={photo.name} /></div>)}</div>
            <p className="soft small">{copy.fromPhotos(photos.length)}</p>
          </>
        )}
        <TextInput {...field("sku", copy.sku)} description={copy.skuHelp} required data-autofocus />
        <TextInput {...field("title", copy.name)} placeholder={copy.optional} maxLength={500} />
        <div className={css.two}>
          <TextInput {...field("gtin", copy.gtin)} placeholder={copy.optional} inputMode="numeric" maxLength={20} />
          <TextInput {...field("asin", copy.asin)} placeholder={copy.optional} maxLength={20} />
        </div>
        <TextInput {...field("category", copy.category)} placeholder={copy.optional} />
        {place && <Checkbox checked={into} onChange={(event) => setInto(event.target.checked)} label={copy.into(place.name)} />}
        {wrong && fields.length === 0 && <p role="alert" className={css.alert}>{[wrong.words || wrong.title, wrong.remedy].filter(Boolean).join(" ")}</p>}
        <Group justify="flex-end" mt="sm">
          <Button variant="default" onClick={close}>{common.cancel}</Button>
          <Button type="submit" loading={create.isPending} disabled={!draft.sku.trim()}>{copy.action}</Button>
        </Group>
      </form>
    </Modal>
  );
}
