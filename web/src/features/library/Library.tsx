/** The library: the tree of places, and the products or photos of the one that is open. */
import { Button } from "@mantine/core";
import { IconPlus, IconUpload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { collections } from "~/api/queries";
import type { Place } from "~/api/types";
import { library } from "~/shared/copy/library";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { useSort } from "./actions";
import { lastView } from "./lastView";
import { NewProduct } from "./NewProduct";
import { Places } from "./Places";
import { Products } from "./Products";
import { cachedProducts } from "./queries";
import { SearchField } from "./SearchField";
import { within } from "./tree";
import { Unassigned } from "./Unassigned";
import css from "./library.module.css";

const route = getRouteApi("/inside/library");

export default function Library() {
  const view = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const tree = useQuery(collections());
  const sort = useSort();
  const [making, make] = useState(false);
  const places = tree.data ?? [];
  useEffect(() => lastView.set(view), [view]);

  // Products are moved out of the place that is open, and added where none is. With Ctrl or Alt they are always added.
  const drop = (to: Place, ids: readonly string[], adds: boolean): void => {
    const products = cachedProducts(client, ids);
    if (view.collection && !adds) sort.move(products, to, within(places, view.collection));
    else sort.add(products, to);
  };
  return (
    <Page
      title={library.title} scroll={false} beside={<SearchField view={view} />}
      actions={(
        <>
          <LinkButton to="/upload" variant="default" leftSection={<IconUpload size={17} aria-hidden />}>{library.upload}</LinkButton>
          <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => make(true)}>{library.newProduct}</Button>
        </>
      )}
    >
      <div className={css.library}>
        <Places view={view} drop={drop} />
        {view.show === "unassigned" ? <Unassigned view={view} /> : <Products view={view} />}
      </div>
      {making && (
        <NewProduct
          place={places.find((place) => place.id === view.collection)} close={() => make(false)}
          created={(product) => void navigate({ to: "/library/$product", params: { product: product.id } })}
        />
      )}
    </Page>
  );
}
