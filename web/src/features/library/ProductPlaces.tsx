/** The places of the tree a product is in. */
import { ActionIcon, Button } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { collections } from "~/api/queries";
import type { Product } from "~/api/types";
import { library, productPage as copy } from "~/shared/copy/library";
import { useSort } from "./actions";
import { KindIcon } from "./kinds";
import { PlacePicker } from "./PlacePicker";
import { pathOf } from "./tree";
import css from "./product.module.css";

export function ProductPlaces({ product }: { product: Product }) {
  const tree = useQuery(collections());
  const sort = useSort();
  const [adding, add] = useState(false);
  const places = tree.data ?? [];
  const mine = places.filter((place) => product.collections.includes(place.id));
  return (
    <section className={css.block} aria-labelledby="in">
      <h2 id="in">{copy.collections}</h2>
      {tree.data && mine.length === 0 && <p className="soft small">{copy.noCollections}</p>}
      <ul className={css.chips}>
        {mine.map((place) => (
          <li key={place.id} className={css.chip}>
            <KindIcon kind={place.kind} size={15} />
            <Link to="/library" search={{ collection: place.id }} className="ellipsis" title={pathOf(places, place.id).map((one) => one.name).join(" / ")}>{place.name}</Link>
            <ActionIcon variant="subtle" color="gray" size={24} radius="xl" aria-label={copy.takeOutOf(place.name)} onClick={() => sort.takeOut([product], place, new Set([place.id]))}><IconX size={14} aria-hidden /></ActionIcon>
          </li>
        ))}
        <li><Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => add(true)}>{copy.addTo}</Button></li>
      </ul>
      {adding && (
        <PlacePicker title={library.pick.add(1)} places={places} hidden={new Set(product.collections)} canCreate close={() => add(false)} pick={(to) => to && sort.add([product], to)} />
      )}
    </section>
  );
}
