/** Adds files: dropped, or chosen in the system's dialog. A note says what was left out. */
import { useMemo } from "react";
import { upload as copy } from "~/shared/copy/upload";
import { notifyError } from "~/shared/notify";
import { add } from "../engine";
import { CalledOff } from "../engine/addFiles";
import { store } from "../engine/store";
import { ACCEPTED } from "../model/formats";
import { chosen, gather, type GatheredFile } from "../model/gather";

async function take(gathered: Promise<GatheredFile[]>): Promise<void> {
  store.flag({ reading: store.flags.reading || -1 });
  try {
    const tally = await add(await gathered);
    store.flag({ note: tally.again + tally.skipped > 0 || tally.files === 0 ? copy.added(tally) : "" });
  } catch (error) {
    if (!(error instanceof CalledOff)) notifyError(error);
  } finally {
    store.flag({ reading: 0 });
  }
}

function dialog(folder: boolean): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  if (folder) input.webkitdirectory = true;
  else input.accept = ACCEPTED;
  input.onchange = () => void (input.files && take(Promise.resolve(chosen(input.files))));
  input.click();
}

export const useAddFiles = () =>
  useMemo(() => ({
    dropped: (items: DataTransferItemList) => take(gather(items, (count) => store.flag({ reading: count }))),
    files: () => dialog(false),
    folder: () => dialog(true),
  }), []);
