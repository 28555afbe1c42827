/** Asks before something that cannot be undone. */
import { Button, Modal } from "@mantine/core";
import { common } from "~/shared/copy/common";
import css from "./settings.module.css";

export function Ask({ opened, close, title, words, deed, busy, go }: {
  opened: boolean; close: () => void; title: string; words: string; deed: string; busy: boolean; go: () => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <p>{words}</p>
      <div className={css.deeds}>
        <Button variant="default" onClick={close} data-autofocus>{common.cancel}</Button>
        <Button color="no" loading={busy} onClick={go}>{deed}</Button>
      </div>
    </Modal>
  );
}
