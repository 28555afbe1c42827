/** Step 1: the photos, from wherever they are. */
import { Button, Select } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconPhotoSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { collections } from "~/api/queries";
import { batches } from "~/shared/copy/batches";
import { shortOf } from "~/shared/copy/findings";
import { collectionKinds } from "~/shared/copy/statuses";
import { explain } from "~/shared/errors";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Pill } from "~/shared/ui/marks";
import { Chips } from "../list/Chips";
import { KINDS, type Draft } from "./draft";
import css from "./new.module.css";
import { PhotoPicker } from "./PhotoPicker";
import { Thumbs } from "./Thumbs";
import { UploadPick } from "./UploadPick";
import type { useUpload } from "./useUpload";
import { needsLook, type usePhotos } from "./usePhotos";

const copy = batches.newBatch.products;
export type StepProps = { draft: Draft; change: (part: Partial<Draft>) => void };

export function Products({ draft, change, photoQuery, sending }: StepProps & { photoQuery: ReturnType<typeof usePhotos>; sending: ReturnType<typeof useUpload> }) {
  const kinds = KINDS.filter((kind) => kind !== "products" || draft.products.length > 0).map((value) => ({ value, words: copy.kinds[value] }));
  return (
    <>
      <Chips label={copy.from} options={kinds} value={draft.kind} pick={(kind) => change({ kind, without: new Set() })} />
      {draft.kind === "collection" && <CollectionPick draft={draft} change={change} />}
      {draft.kind === "photos" && <PhotosPick draft={draft} change={change} />}
      {draft.kind === "upload" && <UploadPick upload={draft.upload} sending={sending} clear={() => change({ upload: null, without: new Set() })} />}
      <Chosen draft={draft} change={change} photoQuery={photoQuery} />
    </>
  );
}

function CollectionPick({ draft, change }: StepProps) {
  const tree = useQuery(collections());
  // The tree as one list, each under its parents' names.
  const options = useMemo(() => {
    const byId = new Map(tree.data?.map((node) => [node.id, node]));
    const path = (id: string): string => {
      const node = byId.get(id);
      return node ? [node.parent_id ? path(node.parent_id) : "", node.name].filter(Boolean).join(" › ") : "";
    };
    return (tree.data ?? []).map((node) => ({ value: node.id, label: path(node.id) })).sort((a, b) => a.label.localeCompare(b.label));
  }, [tree.data]);
  if (tree.data?.length === 0) return <Notice words={copy.collectionNone} />;
  const byId = new Map(tree.data?.map((node) => [node.id, node]));
  return (
    <Select
      label={copy.collection} placeholder={copy.collectionPick} data={options} value={draft.collection} searchable clearable maxDropdownHeight={320} className={css.field}
      clearButtonProps={{ "aria-label": batches.newBatch.products.pickClear }}
      onChange={(collection) => change({ collection, without: new Set() })}
      renderOption={({ option }) => {
        const node = byId.get(option.value);
        return (
          <span className={css.option}>
            <span className="ellipsis">{option.label}</span>
            <span className="soft small">{node && `${collectionKinds[node.kind] ?? ""} · ${node.products_below.toLocaleString()}`}</span>
          </span>
        );
      }}
    />
  );
}

function PhotosPick({ draft, change }: StepProps) {
  const [opened, setOpened] = useState(false);
  return (
    <div>
      <Button variant="default" leftSection={<IconPhotoSearch size={16} aria-hidden />} onClick={() => setOpened(true)}>{draft.photos.length > 0 ? copy.pickMore : copy.pick}</Button>
      <PhotoPicker opened={opened} close={() => setOpened(false)} picked={draft.photos} done={(photos) => change({ photos, without: new Set() })} />
    </div>
  );
}

function Notice({ words }: { words: string }) {
  return (
    <div className={css.notice}>
      <p className="soft">{words}</p>
      <LinkButton to="/library" variant="default">{copy.toLibrary}</LinkButton>
    </div>
  );
}

/** How many photos there are, small pictures of them, and what was flagged. */
function Chosen({ draft, change, photoQuery }: StepProps & { photoQuery: ReturnType<typeof usePhotos> }) {
  if (photoQuery.isError) {
    const { title, words } = explain(photoQuery.error);
    return <div className={css.notice} role="alert"><p>{words || title}</p><Button variant="default" onClick={() => void photoQuery.refetch()}>{batches.one.failedRetry}</Button></div>;
  }
  if (photoQuery.isLoading) return <Thumbs photos={null} without={draft.without} />;
  if (!photoQuery.data) return null;
  const { photos, gone } = photoQuery.data;
  const count = photoQuery.data.count - draft.without.size;
  const flagged = photos.filter((photo) => needsLook(photo) && !draft.without.has(photo.id));
  const counts = new Map<string, number>();
  for (const photo of flagged) {
    for (const check of new Set(photo.findings.filter((one) => one.verdict === "warn" || one.verdict === "fail").map((one) => one.check))) {
      counts.set(shortOf(check), (counts.get(shortOf(check)) ?? 0) + 1);
    }
  }
  return (
    <div className={css.chosen}>
      <div className={css.chosenTop}>
        <strong className="num">{photoQuery.data.count === 0 ? copy.noneIn : copy.count(count)}</strong>
        {flagged.length > 0 ? (
          <>
            <Pill tone="look" icon={<IconAlertTriangle size={13} stroke={2} aria-hidden />}>{copy.flagged(flagged.length)}</Pill>
            <span className="soft small ellipsis">{[...counts].map(([short, many]) => `${short} ${many.toLocaleString()}`).join(" · ")}</span>
            {flagged.length < count && photos.length === photoQuery.data.count && (
              <Button size="compact-sm" variant="default" onClick={() => change({ without: new Set([...draft.without, ...flagged.map((photo) => photo.id)]) })}>
                {copy.leaveOut(flagged.length)}
              </Button>
            )}
          </>
        ) : photos.length > 0 && <Pill tone="ok" icon={<IconCheck size={13} stroke={2.2} aria-hidden />}>{copy.fine}</Pill>}
        {draft.without.size > 0 && <Button size="compact-sm" variant="default" onClick={() => change({ without: new Set() })}>{copy.takeIn(draft.without.size)}</Button>}
      </div>
      {gone > 0 && <p className="soft small">{copy.gone(gone)}</p>}
      {photos.length > 0 && <Thumbs photos={photos} without={draft.without} more={photoQuery.data.count - photos.length} />}
    </div>
  );
}
