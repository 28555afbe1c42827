import { Button, Modal } from "@mantine/core";
import type { Photo } from "~/api/types";
import { library, productPage } from "~/shared/copy/library";
import { common } from "~/shared/copy/common";
import { Findings } from "./Findings";
import { Full } from "./Full";
import css from "./library.module.css";

/** A photo without a product, large, with its findings. */
export function PhotoPeek({ photo, close, assign, make, remove }: { photo: Photo; close: () => void; assign: () => void; make: () => void; remove: () => void }) {
  return (
    <Modal opened onClose={close} title={photo.name} size={980}>
      <div className={css.peek}>
        <div><Full photo={photo} alt={library.peek.of(photo.name)} /></div>
        <div className={css.facts}>
          <p className="soft num">{[productPage.photo.size(photo.width, photo.height), photo.format, common.bytes(photo.bytes)].join(" · ")}</p>
          <Findings findings={photo.findings} />
          <Button onClick={assign} data-autofocus>{library.selection.assign}</Button>
          <Button variant="default" onClick={make}>{library.selection.make}</Button>
          <Button variant="subtle" color="no" onClick={remove}>{library.selection.remove}</Button>
        </div>
      </div>
    </Modal>
  );
}
