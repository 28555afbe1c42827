/** A ZIP or a list, dropped or chosen. */
import { Button } from "@mantine/core";
import { IconFileSpreadsheet, IconFileZip, IconUpload } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { batches } from "~/shared/copy/batches";
import type { Upload } from "./draft";
import css from "./new.module.css";
import type { useUpload } from "./useUpload";

const copy = batches.newBatch.products;

export function UploadPick({ upload, sending, clear }: { upload: Upload | null; sending: ReturnType<typeof useUpload>; clear: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, set] = useState(false);
  const { state } = sending;
  const fileInput = (
    <input
      ref={input} type="file" accept=".zip,.csv,.tsv,application/zip,text/csv" hidden
      onChange={(event) => {
        const file = event.currentTarget.files?.[0];
        event.currentTarget.value = "";
        if (file) void sending.take(file);
      }}
    />
  );
  if (sending.busy && (state.step === "sending" || state.step === "unpacking")) {
    const share = state.step === "sending" ? state.fraction : state.total > 0 ? state.done / state.total : 0;
    return (
      <div className={css.drop} role="status">
        <p className="num">{state.step === "sending" ? copy.sending(state.name, state.fraction) : copy.unpacking(state.done, state.total)}</p>
        <div className={css.fraction} aria-hidden><span style={{ width: `${100 * share}%` }} /></div>
        <Button variant="default" size="xs" onClick={sending.stop}>{copy.stop}</Button>
      </div>
    );
  }
  if (upload) {
    const Icon = "file" in upload ? IconFileSpreadsheet : IconFileZip;
    return (
      <div className={css.file}>
        <Icon size={26} stroke={1.4} aria-hidden />
        <div>
          <strong>{"file" in upload ? copy.listed(upload.name, upload.rows) : copy.imported(upload.name)}</strong>
          {"file" in upload && <p className="soft small">{copy.listedWords}</p>}
          {"refused" in upload && upload.refused.length > 0 && (
            <details className={css.refused}>
              <summary>{copy.refused(upload.refused.length)}</summary>
              <ul>{upload.refused.slice(0, 200).map((one, at) => <li key={at}><strong>{one.name}</strong> <span className="soft">{one.words ?? one.reason}</span></li>)}</ul>
            </details>
          )}
        </div>
        <Button variant="default" size="xs" onClick={clear}>{copy.another}</Button>
      </div>
    );
  }
  return (
    <>
      <div
        className={css.drop} data-over={over || undefined}
        onDragOver={(event) => { event.preventDefault(); set(true); }}
        onDragLeave={() => set(false)}
        onDrop={(event) => {
          event.preventDefault();
          set(false);
          const file = event.dataTransfer.files[0];
          if (file) void sending.take(file);
        }}
      >
        <IconUpload size={30} stroke={1.4} aria-hidden />
        <strong>{copy.dropTitle}</strong>
        <p className="soft">{copy.dropWords}</p>
        <Button variant="default" onClick={() => input.current?.click()}>{copy.browse}</Button>
        {fileInput}
      </div>
      {state.step === "wrong" && <p className={css.wrong} role="alert">{state.words}</p>}
    </>
  );
}
