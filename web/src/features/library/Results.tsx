/** Pictures of a product from the newest batches. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { allStyles } from "~/api/queries";
import { productPage as copy } from "~/shared/copy/library";
import { Status } from "~/shared/ui/marks";
import { Picture } from "~/shared/ui/Picture";
import { Waiting } from "~/shared/ui/states";
import { results } from "./queries";
import css from "./product.module.css";

export function Results({ product }: { product: string }) {
  const items = useQuery(results(product));
  const styles = useQuery(allStyles());
  const nameOf = (id: string) => styles.data?.find((one) => one.id === id)?.name ?? "";
  if (items.isError) return null; // an extra: the page is whole without it
  return (
    <section className={css.block} aria-labelledby="results">
      <h2 id="results">{copy.results}</h2>
      {items.isPending && <Waiting><div className={css.results}><Skeleton height={120} /><Skeleton height={120} /></div></Waiting>}
      {items.data?.length === 0 && <p className="soft small">{copy.noResults}</p>}
      <ul className={css.results}>
        {items.data?.map((item) => (
          <li key={item.id}>
            <Link to="/review/$batch" params={{ batch: item.batch }} search={{ group: "all", item: item.id }} title={item.batch_name}>
              <span className={css.thumb}><Picture src={item.after || item.before || item.thumb} alt="" /></span>
              <span className="ellipsis small">{nameOf(item.style)} <span className="visually-hidden">{item.batch_name}</span></span>
              <Status of={item.status} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
