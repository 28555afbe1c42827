/** One style: how products look in it, and what can be moved. */
import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "@mantine/core";
import { useState } from "react";
import { templates } from "~/api/queries";
import type { Photo, Style } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { Pill } from "~/shared/ui/marks";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, Waiting } from "~/shared/ui/states";
import { Back, Deeds } from "./Deeds";
import { useDraft } from "./draft";
import { Filmstrip } from "./Filmstrip";
import { Options } from "./Options";
import { recentPhotos } from "./photos";
import { Stage } from "./Stage";
import css from "./editor.module.css";


export function Editor({ id }: { id: string }) {
  const looks = useQuery(templates());
  const look = looks.data?.find((one) => one.id === id);
  const base = looks.data?.find((one) => one.id === look?.base);
  if (look && base) return <Opened look={look} base={base} />;
  return (
    <Page title={copy.title} scroll={false}>
      {looks.isError ? (
        <Failed error={looks.error} retry={() => void looks.refetch()} />
      ) : looks.isPending ? (
        <Waiting>
          <div className={css.editor}>
            <div className={css.stage}><Skeleton className={css.waits} radius="md" /></div>
            <div className={css.panel}><Skeleton height={320} radius="md" /></div>
          </div>
        </Waiting>
      ) : (
        <Empty title={copy.gone.title} words={copy.gone.words}>
          <LinkButton to="/styles" search={{}} variant="default">{copy.gone.deed}</LinkButton>
        </Empty>
      )}
    </Page>
  );
}

// Whoever compares styles wants to see them on the same products.
let lastShown: Photo[] | null = null;

function Opened({ look, base }: { look: Style; base: Style }) {
  const draft = useDraft(look, base);
  const recent = useQuery(recentPhotos());
  const [picked, pick] = useState(lastShown);
  const shown = picked ?? recent.data?.slice(0, 2) ?? [];
  const show = (photos: Photo[]) => pick((lastShown = photos));
  return (
    <Page
      title={look.name} scroll={false}
      beside={
        <>
          {!look.shipped && <span className="soft small ellipsis">{copy.from(base.name)}</span>}
          {draft.dirty && <Pill tone="busy">{look.shipped ? copy.changed : copy.unsaved}</Pill>}
        </>
      }
      before={<Back />}
      deeds={<Deeds look={look} base={base} draft={draft} />}
    >
      <div className={css.editor}>
        <Stage name={look.name} base={base.id} chosen={draft.chosen} photos={shown} loading={recent.isPending} hasNone={recent.data?.length === 0} set={draft.set} />
        <Filmstrip shown={shown} show={show} />
        <Options look={look} draft={draft} />
      </div>
    </Page>
  );
}
