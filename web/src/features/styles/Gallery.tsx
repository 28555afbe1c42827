/** All styles as cards: the brand's own first, then what comes with Packshot. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { allStyles } from "~/api/queries";
import type { Photo, Style } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { Failed, Waiting } from "~/shared/ui/states";
import { Page } from "~/shared/ui/Page";
import { Cover } from "./Cover";
import { recentPhotos } from "./photos";
import css from "./styles.module.css";


export function Gallery() {
  const styles = useQuery(allStyles());
  const photos = useQuery(recentPhotos());
  const own = styles.data?.filter((one) => !one.shipped) ?? [];
  const shipped = styles.data?.filter((one) => one.shipped) ?? [];
  const named = (id: string) => shipped.find((one) => one.id === id)?.name ?? "";
  return (
    <Page title={copy.title}>
      {styles.isError && !styles.data ? (
        <Failed error={styles.error} retry={() => void styles.refetch()} />
      ) : styles.isPending ? (
        <Waiting>
          <div className={css.gallery}><div className={css.cards}>{Array.from({ length: 5 }, (_, at) => <Skeleton key={at} height={360} radius="lg" />)}</div></div>
        </Waiting>
      ) : (
        <div className={css.gallery}>
          <Group title={copy.own} count={own.length} words={own.length === 0 ? copy.ownNone : ""}>
            {own.map((style, at) => <Card key={style.id} style={style} photo={pick(photos.data, at)} base={named(style.base)} />)}
          </Group>
          <Group title={copy.shipped} words="">
            {shipped.map((style, at) => <Card key={style.id} style={style} photo={pick(photos.data, at)} />)}
          </Group>
        </div>
      )}
    </Page>
  );
}


// Neighbours show different products, the same style the same one.
const pick = (photos: Photo[] | undefined, at: number): Photo | undefined => photos && photos[at % photos.length];

function Group({ title, words, count, children }: { title: string; words: string; count?: number; children: React.ReactNode }) {
  return (
    <section className={css.group}>
      <h2>{title}{count ? <span className="soft num"> {count}</span> : null}</h2>
      {words && <p className="soft">{words}</p>}
      <div className={css.cards}>{children}</div>
    </section>
  );
}

function Card({ style, photo, base }: { style: Style; photo: Photo | undefined; base?: string }) {
  return (
    <article className={css.card}>
      <Cover style={style} photo={photo} />
      <div className={css.text}>
        <h3 className="ellipsis"><Link to="/styles" search={{ style: style.id }} className={css.open}>{style.name}</Link></h3>
        <p className={`soft small ${css.words}`}>{style.words}</p>
        {base && <p className="soft small">{copy.from(base)}</p>}
      </div>
    </article>
  );
}
