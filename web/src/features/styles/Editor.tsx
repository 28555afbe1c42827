/** One style: a preview on products, and its options. */
import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "@mantine/core";
import { useState } from "react";
import { allStyles } from "~/api/queries";
import type { Photo, Style } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { Pill } from "~/shared/ui/marks";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, Waiting } from "~/shared/ui/states";
import { Back, StyleActions } from "./Actions";
import { useDraft } from "./draft";
import { Filmstrip } from "./Filmstrip";
import { Options } from "./Options";
import { recentPhotos } from "./photos";
import { Stage } from "./Stage";
import css from "./editor.module.css";


export function Editor({ id }: { id: string }) {
  const styles = useQuery(allStyles());
  const style = styles.data?.find((one) => one.id === id);
  const base = styles.data?.find((one) => one.id === style?.base);
  if (style && base) return <OpenStyle style={style} base={base} />;
  return (
    <Page title={copy.title} scroll={false}>
      {styles.isError ? (
        <Failed error={styles.error} retry={() => void styles.refetch()} />
      ) : styles.isPending ? (
        <Waiting>
          <div className={css.editor}>
            <div className={css.stage}><Skeleton className={css.waits} radius="md" /></div>
            <div className={css.panel}><Skeleton height={320} radius="md" /></div>
          </div>
        </Waiting>
      ) : (
        <Empty title={copy.gone.title} words={copy.gone.words}>
          <LinkButton to="/styles" search={{}} variant="default">{copy.gone.action}</LinkButton>
        </Empty>
      )}
    </Page>
  );
}

// The same products for the next style, so that styles can be compared.
let lastShown: Photo[] | null = null;

function OpenStyle({ style, base }: { style: Style; base: Style }) {
  const draft = useDraft(style, base);
  const recent = useQuery(recentPhotos());
  const [picked, setPicked] = useState(lastShown);
  const shown = picked ?? recent.data?.slice(0, 2) ?? [];
  const show = (photos: Photo[]) => setPicked((lastShown = photos));
  return (
    <Page
      title={style.name} scroll={false}
      beside={
        <>
          {!style.shipped && <span className="soft small ellipsis">{copy.from(base.name)}</span>}
          {draft.dirty && <Pill tone="busy">{style.shipped ? copy.changed : copy.unsaved}</Pill>}
        </>
      }
      before={<Back />}
      actions={<StyleActions style={style} base={base} draft={draft} />}
    >
      <div className={css.editor}>
        <Stage name={style.name} base={base.id} chosen={draft.chosen} photos={shown} loading={recent.isPending} hasNone={recent.data?.length === 0} set={draft.set} />
        <Filmstrip shown={shown} show={show} />
        <Options style={style} draft={draft} />
      </div>
    </Page>
  );
}
