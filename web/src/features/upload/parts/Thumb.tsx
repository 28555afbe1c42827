/** An entry's thumbnail: of the file until it is sent, then the service's; where neither can be shown, an icon. */
import { IconFileSpreadsheet, IconFileZip, IconPhoto } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { api, unwrap } from "~/api/client";
import { nameOf, type Entry } from "../engine/entry";
import { fileOf } from "../engine/persistence";
import { store } from "../engine/store";
import { suffixOf } from "../model/formats";
import css from "../upload.module.css";

const SCROLLED_BY_MS = 120; // a row that is scrolled past needs no picture

export function Thumb({ entry }: { entry: Entry }) {
  const [local, setLocal] = useState("");
  const [broken, setBroken] = useState("");
  const thumb = entry.photo?.thumb ?? "";
  const needsFile = entry.kind === "photo" && !thumb && !local;
  useEffect(() => {
    if (!needsFile) return;
    let gone = false;
    const soon = setTimeout(async () => {
      const file = await fileOf(entry.id);
      if (file && !gone) setLocal(URL.createObjectURL(file));
    }, SCROLLED_BY_MS);
    return () => {
      gone = true;
      clearTimeout(soon);
    };
  }, [entry.id, needsFile]);
  useEffect(() => () => URL.revokeObjectURL(local), [local]);

  // The local picture stays: the service's would only flash in over the same one.
  const src = [local, thumb].find((one) => one && one !== broken) ?? "";
  if (src) return <div className={css.thumb}><img key={src} src={src} alt="" decoding="async" draggable={false} onError={() => (setBroken(src), src === thumb && void renew(entry))} /></div>;
  const Icon = entry.kind === "zip" ? IconFileZip : entry.kind === "list" || entry.kind === "addresses" ? IconFileSpreadsheet : IconPhoto;
  return (
    <div className={css.thumb} data-sign aria-hidden>
      <Icon size={22} stroke={1.4} />
      {entry.kind === "photo" && <span>{suffixOf(nameOf(entry)).slice(0, 5)}</span>}
    </div>
  );
}

/** Links to pictures expire; the list may be some days old. */
async function renew(entry: Entry): Promise<void> {
  if (!entry.photo) return;
  try {
    const { thumb } = await unwrap(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: entry.photo.id } } }));
    if (thumb !== entry.photo.thumb) store.patch(entry.id, { photo: { ...entry.photo, thumb } });
  } catch {
    /* deleted, or the service is away: the icon is shown */
  }
}
