/** The picture under the cursor, large, with its findings, the actions, and its product's other angles. */
import { Button, SegmentedControl, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconAngle, IconCheck, IconColumns, IconHistory, IconPlayerSkipForward, IconRefresh, IconX, IconZoomIn } from "@tabler/icons-react";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, unwrap } from "~/api/client";
import { channels as channelsQuery, keys } from "~/api/queries";
import type { Finding } from "~/api/types";
import { CorrectButton } from "~/features/cutout/Correct";
import { common } from "~/shared/copy/common";
import { shortOf } from "~/shared/copy/findings";
import { review as copy } from "~/shared/copy/review";
import { Heights } from "~/features/styles/Heights";
import { hasFinding, type Chosen } from "~/features/styles/previews";
import { styles } from "~/shared/copy/styles";
import { sentence } from "~/shared/errors";
import { KeyCap } from "~/shared/ui/KeyCap";
import { Pill, Status } from "~/shared/ui/marks";
import { RejectPanel, type Rejection } from "./RejectPanel";
import { Stage } from "./Stage";
import { itemQuery, newestFiles, usePrefetch } from "./prefetch";
import type { Decision, ReviewStore } from "./store";
import { useAnyChange, useCursor, useItem } from "./hooks";
import { Versions } from "./Versions";
import css from "./review.module.css";

const SETTLED_MS = 80;
export type LoupeState = { mode: "whole" | "full" | "compare"; rejecting: boolean; versions: boolean };

export function Loupe({ store, state, set, decide, undo, reject, correct, nameOf }: {
  store: ReviewStore; state: LoupeState; set: (next: Partial<LoupeState>) => void; decide: (decision: Decision) => void; undo: () => void;
  reject: (rejection: Rejection) => void; correct: () => void; nameOf: (by: string | null) => string;
}) {
  const id = useCursor(store) ?? "";
  const item = useItem(store, id);
  useAnyChange(store);
  const [settled] = useDebouncedValue(id, SETTLED_MS); // keys that are held down load nothing on the way
  const query = useQuery({ ...itemQuery(id), enabled: settled === id && id !== "" }); // a prefetched item is there at once
  const detail = query.data?.id === id ? query.data : undefined;
  usePrefetch(store, id);

  const files = useMemo(() => newestFiles(detail), [detail]);
  const [channel, setChannel] = useState("");
  const file = files.find((one) => one.channel === channel) ?? files[0];
  const names = useQuery(channelsQuery());
  const [against, setAgainst] = useState<number | null>(null);
  const [heights, compareHeights] = useState(false);
  useEffect(() => (setAgainst(null), compareHeights(false)), [id]);
  const photo = useQuery({
    queryKey: [...keys.photos, item?.photo],
    queryFn: () => unwrap(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: item?.photo ?? "" } } })),
    enabled: state.mode === "compare" && !!item, staleTime: 60_000,
  });
  const original = photo.data && SHOWN.has(photo.data.format.toLowerCase()) ? photo.data.original : "";
  const version = detail?.versions.find((one) => one.version === detail.version);
  const older = detail?.versions.find((one) => one.version === against);

  if (!item) return <div className={css.loupe} />;
  const title = item.title || item.sku || item.photo_name;
  const full = file && SHOWN.has(file.format) ? file.url : "";
  const bad = item.findings.filter((one) => one.verdict === "warn" || one.verdict === "fail");
  const angles = store.angles(item);
  const many = store.selected.size;

  return (
    <section className={css.loupe} aria-label={title}>
      <div className={css.tools}>
        {files.length > 1 && (
          <SegmentedControl
            size="xs" className={css.files} aria-label={copy.channel} value={file?.channel ?? ""} onChange={setChannel}
            data={files.map((one) => ({ value: one.channel, label: names.data?.find((view) => view.id === one.channel)?.channel.name ?? one.channel }))}
          />
        )}
        {file && <span className={`soft small num ${css.fileFacts}`}>{copy.file(file.width, file.height, file.format, common.bytes(file.bytes))}</span>}
        <span style={{ flex: 1 }} />
        <Toggle on={state.mode === "compare"} words={copy.actions.compare} keyName="X" icon={<IconColumns size={17} />} flip={() => set({ mode: state.mode === "compare" ? "whole" : "compare" })} />
        <Toggle on={state.mode === "full"} words={copy.actions.full} keyName="␣" icon={<IconZoomIn size={17} />} flip={() => set({ mode: state.mode === "full" ? "whole" : "full" })} />
        <Toggle on={state.versions} words={copy.actions.versions} keyName="V" icon={<IconHistory size={17} />} flip={() => set({ versions: !state.versions })} />
      </div>
      <div className={css.stage}>
        <Stage
          after={{ quick: item.after || item.thumb, full, name: title }} mode={state.mode}
          before={older ? older.after : original || item.before || item.thumb} beforeName={older ? copy.compare.version(older.version) : copy.compare.before}
        />
        {item.status === "processing" && <div className={css.veil}><Pill tone="busy" icon={<IconRefresh size={14} aria-hidden />}>{copy.processing}</Pill></div>}
      </div>

      {angles.length > 1 && (
        <div className={css.angles} role="group" aria-label={copy.angles}>
          {angles.map((one) => (
            <button key={one.id} type="button" className={css.angle} data-here={one.id === id || undefined} onClick={() => store.moveTo(one.id)} aria-label={`${one.role || one.photo_name}`}>
              <img src={one.after || one.thumb} alt="" />
            </button>
          ))}
        </div>
      )}

      <div className={css.facts}>
        <div className={css.head}>
          <h2 className="ellipsis">{title}</h2>
          {item.sku !== title && <span className="soft num ellipsis">{item.sku}</span>}
          <span style={{ flex: 1 }} />
          {item.status !== "review" && <Status of={item.status} />}
        </div>
        {state.rejecting ? (
          <RejectPanel many={Math.max(1, many)} confirm={reject} correct={correct} cancel={() => set({ rejecting: false })} />
        ) : (
          <>
            {item.error && <p className={css.error}>{copy.failed} {sentence(item.error.reason)}</p>}
            <div className={css.findingRow}>
              <FindingList findings={bad} />
              {version && item.status !== "processing" && hasFinding(version.findings, "camera") && (
                <Button variant="default" size="compact-sm" leftSection={<IconAngle size={15} aria-hidden />} onClick={() => compareHeights(true)}>{styles.heights.guess}</Button>
              )}
              <CorrectButton size="compact-sm" leftSection={undefined} open={correct} />
            </div>
            <div className={css.actions}>
              <Button color="ok.7" leftSection={<IconCheck size={17} />} rightSection={<KeyCap hidden>A</KeyCap>} onClick={() => decide("approve")}>{copy.actions.approve}{many > 1 && ` (${many})`}</Button>
              <Button variant="default" leftSection={<IconX size={17} />} rightSection={<KeyCap hidden>R</KeyCap>} onClick={() => set({ rejecting: true })} styles={{ label: { color: "var(--no)" } }}>{copy.actions.reject}</Button>
              <Button variant="default" leftSection={<IconPlayerSkipForward size={17} />} rightSection={<KeyCap hidden>S</KeyCap>} onClick={() => decide("skip")}>{copy.actions.skip}</Button>
              <Button variant="subtle" leftSection={<IconArrowBackUp size={17} />} rightSection={<KeyCap hidden>Z</KeyCap>} onClick={undo}>{copy.actions.undo}</Button>
            </div>
          </>
        )}
      </div>
      {heights && version && (
        <Heights
          close={() => compareHeights(false)} name={title} now={item.after || item.thumb} words={styles.heights.again}
          other={{ base: version.style, chosen: version.options as Chosen, photo: { id: item.photo, matte_version: 0 } }}
          choose={() => store.decide([id], "retry", { reason: "floats" })}
        />
      )}
      <Versions
        opened={state.versions} close={() => set({ versions: false })} item={detail} nameOf={nameOf}
        compare={(version) => {
          setAgainst(version);
          set({ versions: false, mode: "compare" });
        }}
      />
    </section>
  );
}

function FindingList({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return <div><Pill tone="ok" icon={<IconCheck size={13} stroke={2.4} aria-hidden />}>{copy.flags.none}</Pill></div>;
  return (
    <ul className={css.findings} aria-label={copy.flags.open} tabIndex={findings.length > 3 ? 0 : undefined}>
      {findings.map((one, at) => (
        <li key={`${one.check}${at}`}>
          <Pill tone={one.verdict === "fail" ? "no" : "look"}>{shortOf(one.check)}</Pill>
          <span className="soft">{sentence(one.words)}</span>
        </li>
      ))}
    </ul>
  );
}

function Toggle({ on, words, keyName, icon, flip }: { on: boolean; words: string; keyName: string; icon: React.ReactNode; flip: () => void }) {
  return (
    <Tooltip label={<>{words} <KeyCap hidden>{keyName}</KeyCap></>}>
      <Button size="xs" variant={on ? "filled" : "default"} px={9} aria-pressed={on} aria-label={words} onClick={flip}>{icon}</Button>
    </Tooltip>
  );
}

const SHOWN = new Set(["jpeg", "png", "webp", "avif"]); // what every browser shows
