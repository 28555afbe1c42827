/** A ZIP is sent and unpacked at once, so that its photos can be seen; a list is kept and goes along with the batch. */
import { useRef, useState } from "react";
import { upload as send } from "~/api/client";
import type { Job } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { follow } from "~/shared/jobs";
import { told } from "~/shared/ui/states";
import { newId } from "~/shared/id";
import type { Refused, Upload } from "./draft";
import { readList } from "./list";

export type Sending =
  | { step: "idle" } | { step: "sending"; name: string; fraction: number } | { step: "unpacking"; done: number; total: number } | { step: "wrong"; words: string };

export function useUpload(done: (upload: Upload) => void) {
  const [state, set] = useState<Sending>({ step: "idle" });
  const stopper = useRef<AbortController | null>(null);

  const take = async (file: File) => {
    stopper.current?.abort();
    const stop = (stopper.current = new AbortController());
    try {
      const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
      const isZip = head[0] === 0x50 && head[1] === 0x4b && !/\.(xlsx|xlsm|ods|docx)$/i.test(file.name);
      if (!isZip && !/\.(csv|tsv|txt)$/i.test(file.name)) return set({ step: "wrong", words: batches.fresh.products.wrongFile });
      if (!isZip) {
        const list = await readList(file);
        if ("wrong" in list) return set({ step: "wrong", words: batches.fresh.products.wrongList[list.wrong] });
        set({ step: "idle" });
        return done({ name: file.name, ...list });
      }
      set({ step: "sending", name: file.name, fraction: 0 });
      const form = new FormData();
      form.append("file", file, file.name);
      const { data } = await send<Job>("/api/v1/images", form, {
        signal: stop.signal, key: newId(), progress: (fraction) => set({ step: "sending", name: file.name, fraction }),
      });
      const job = await follow(data, { signal: stop.signal, progress: ({ done, total }) => set({ step: "unpacking", done, total }) });
      set({ step: "idle" });
      done({
        name: file.name, job: job.id, images: (job.result.images as string[] | undefined) ?? [],
        refused: (job.result.refused as Refused[] | undefined) ?? [],
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      const { title, words, remedy } = told(error);
      set({ step: "wrong", words: [words || title, remedy].filter(Boolean).join(" ") });
    }
  };
  const stop = () => {
    stopper.current?.abort();
    set({ step: "idle" });
  };
  return { state, take, stop, busy: state.step === "sending" || state.step === "unpacking" };
}
