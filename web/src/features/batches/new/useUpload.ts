/** A ZIP is sent and unpacked at once, so that its photos can be shown; a list is sent along with the batch. */
import { useRef, useState } from "react";
import { upload as send } from "~/api/client";
import type { Job } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { explain } from "~/shared/errors";
import { follow } from "~/shared/jobs";
import { newId } from "~/shared/id";
import type { Refused, Upload } from "./draft";
import { readList } from "./list";

export type Sending =
  | { step: "idle" } | { step: "sending"; name: string; fraction: number } | { step: "unpacking"; done: number; total: number } | { step: "wrong"; words: string };

export function useUpload(onDone: (upload: Upload) => void) {
  const [state, setState] = useState<Sending>({ step: "idle" });
  const controller = useRef<AbortController | null>(null);

  const take = async (file: File) => {
    controller.current?.abort();
    const stop = (controller.current = new AbortController());
    try {
      const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
      const isZip = head[0] === 0x50 && head[1] === 0x4b && !/\.(xlsx|xlsm|ods|docx)$/i.test(file.name);
      if (!isZip && !/\.(csv|tsv|txt)$/i.test(file.name)) return setState({ step: "wrong", words: batches.newBatch.products.wrongFile });
      if (!isZip) {
        const list = await readList(file);
        if ("wrong" in list) return setState({ step: "wrong", words: batches.newBatch.products.wrongList[list.wrong] });
        setState({ step: "idle" });
        return onDone({ name: file.name, ...list });
      }
      setState({ step: "sending", name: file.name, fraction: 0 });
      const form = new FormData();
      form.append("file", file, file.name);
      const { data } = await send<Job>("/api/v1/images", form, {
        signal: stop.signal, key: newId(), progress: (fraction) => setState({ step: "sending", name: file.name, fraction }),
      });
      const job = await follow(data, { signal: stop.signal, progress: ({ done, total }) => setState({ step: "unpacking", done, total }) });
      setState({ step: "idle" });
      onDone({
        name: file.name, job: job.id, images: (job.result.images as string[] | undefined) ?? [],
        refused: (job.result.refused as Refused[] | undefined) ?? [],
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      const { title, words, remedy } = explain(error);
      setState({ step: "wrong", words: [words || title, remedy].filter(Boolean).join(" ") });
    }
  };
  const stop = () => {
    controller.current?.abort();
    setState({ step: "idle" });
  };
  return { state, take, stop, busy: state.step === "sending" || state.step === "unpacking" };
}
