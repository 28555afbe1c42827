/** The target of a delivery: a ZIP, a folder of the server, a bucket. */
import { Button, Radio, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { session } from "~/api/queries";
import { deliver as copy } from "~/shared/copy/deliver";
import { destinations, type Kind, type To } from "./queries";
import { KindIcon } from "./Side";
import css from "./deliver.module.css";

export type Target = { kind: Kind; folder: string; destination: string; prefix: string };

const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{N}_ .-]{0,99}$/u;
/** Whether the service takes the path: plain names, parted by /. */
export function isPlain(path: string): boolean {
  const parts = path.split("/").filter(Boolean);
  return !path.startsWith("/") && parts.every((part) => PLAIN.test(part) && !/[. ]$/.test(part));
}

export function slug(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "packshot";
}

/** null: something is missing or not valid. */
export function requestOf(place: Target): To | null {
  if (place.kind === "zip") return { kind: "zip" };
  if (place.kind === "folder") return place.folder.trim() && isPlain(place.folder.trim()) ? { kind: "folder", folder: place.folder.trim() } : null;
  return place.destination && isPlain(place.prefix) ? { kind: "s3", destination: place.destination, prefix: place.prefix } : null;
}

export function TargetPicker({ place, set, manage }: { place: Target; set: (place: Target) => void; manage: () => void }) {
  const owner = useQuery(session()).data?.role === "owner";
  const all = useQuery(destinations());
  // A single destination is chosen by itself.
  const only = all.data?.length === 1 ? all.data[0]?.id : undefined;
  useEffect(() => {
    if (place.kind === "s3" && !place.destination && only) set({ ...place, destination: only });
  }, [only, place, set]);
  return (
    <Radio.Group label={copy.compose.where} value={place.kind} onChange={(kind) => set({ ...place, kind: kind as Kind })} classNames={{ label: css.legend }}>
      <div className={css.places}>
        {(["zip", "folder", "s3"] as const).map((kind) => (
          <div key={kind} className={css.place} data-on={place.kind === kind || undefined}>
            <label className={css.placeTop}>
              <Radio value={kind} aria-describedby={`to-${kind}`} aria-label={copy.kinds[kind].name} />
              <span><strong>{copy.kinds[kind].name}</strong><span className="soft small" id={`to-${kind}`}>{copy.kinds[kind].words}</span></span>
              <KindIcon kind={kind} />
            </label>
            {place.kind === kind && kind === "folder" && (
              <TextInput
                className={css.placeMore} label={copy.folder.label} description={copy.folder.hint} value={place.folder} maxLength={200}
                error={place.folder && !isPlain(place.folder.trim()) ? copy.folder.bad : undefined}
                onChange={(event) => set({ ...place, folder: event.currentTarget.value })}
              />
            )}
            {place.kind === kind && kind === "s3" && (
              <div className={css.placeMore}>
                {all.data?.length ? (
                  <>
                    <Select
                      label={copy.s3.label} placeholder={copy.s3.choose} value={place.destination || null} allowDeselect={false}
                      data={all.data.map((one) => ({ value: one.id, label: one.name }))} onChange={(id) => set({ ...place, destination: id ?? "" })}
                    />
                    <TextInput
                      label={copy.s3.prefix} description={copy.s3.prefixHint} value={place.prefix} maxLength={200} mt="sm"
                      error={isPlain(place.prefix) ? undefined : copy.folder.bad} onChange={(event) => set({ ...place, prefix: event.currentTarget.value })}
                    />
                  </>
                ) : (
                  <>
                    <p className="soft">{owner ? copy.s3.none : copy.s3.noneMember}</p>
                    {owner && <Button variant="default" size="xs" mt="xs" onClick={manage}>{copy.s3.add}</Button>}
                  </>
                )}
              </div>
            )}
          </div>
        ))}
      </div>
    </Radio.Group>
  );
}
