/** Assigns photos to a product that a person chooses. */
import { Button, Group, Modal, TextInput } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState, type KeyboardEvent } from "react";
import type { Photo, Product } from "~/api/types";
import { announce } from "~/shared/announce";
import { library } from "~/shared/copy/library";
import { notify, notifyError } from "~/shared/notify";
import { Picture } from "~/shared/ui/Picture";
import { assignPhotos } from "./actions";
import { mainOf, nameOf } from "./model";
import { someProducts } from "./queries";
import css from "./picker.module.css";

const copy = library.assign;

export function AssignPhotos({ photos, close, done, make }: { photos: readonly Photo[]; close: () => void; done: () => void; make: () => void }) {
  const client = useQueryClient();
  const [words, set] = useState("");
  const [settled] = useDebouncedValue(words.trim(), 200);
  const [at, setAt] = useState(0);
  const list = useQuery(someProducts(settled));
  const id = useId();
  const assign = useMutation({
    mutationFn: (product: Product) => assignPhotos(client, photos, product),
    onSuccess: (_, product) => {
      const message = library.done.assigned(photos.length, nameOf(product));
      announce(message);
      notify(message);
      close();
      done();
    },
    onError: notifyError,
  });
  const products = list.data ?? [];
  const active = Math.min(at, products.length - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) (event.preventDefault(), setAt(Math.max(0, Math.min(products.length - 1, active + step))));
    const chosen = products[active];
    if (event.key === "Enter" && chosen && settled === words.trim() && !assign.isPending) (event.preventDefault(), assign.mutate(chosen));
  };
  return (
    <Modal opened onClose={close} title={copy.title(photos.length)} size={460}>
      <TextInput
        mt={6} data-autofocus leftSection={<IconSearch size={16} aria-hidden />} placeholder={copy.search} aria-label={copy.search} value={words} onChange={(event) => (set(event.target.value), setAt(0))}
        onKeyDown={onKeyDown} role="combobox" aria-expanded="true" aria-controls={id} aria-activedescendant={products[active] ? `${id}-${active}` : undefined} autoComplete="off"
      />
      <div id={id} role="listbox" aria-label={copy.title(photos.length)} className={css.list}>
        {products.map((product, place) => (
          <div key={product.id} id={`${id}-${place}`} role="option" aria-selected={place === active} className={css.choice} onMouseMove={() => setAt(place)} onClick={() => !assign.isPending && assign.mutate(product)}>
            <span className={css.thumb}>{mainOf(product) && <Picture src={mainOf(product)?.thumb ?? ""} alt="" />}</span>
            <span className={css.two}>
              <strong className="ellipsis">{nameOf(product)}</strong>
              <span className="soft small ellipsis">{[product.title && product.sku, library.card.angles(product.photos.length)].filter(Boolean).join(" · ")}</span>
            </span>
          </div>
        ))}
      </div>
      {list.isSuccess && products.length === 0 && <p className={css.none}>{copy.none}</p>}
      <Group mt="md"><Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={make}>{copy.make}</Button></Group>
    </Modal>
  );
}
