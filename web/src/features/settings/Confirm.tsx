/** Confirms an action that cannot be undone. */
import { Button, Modal } from "@mantine/core";
import { common } from "~/shared/copy/common";
import css from "./settings.module.css";

export function Confirm({ opened, close, title, words, action, busy, go }: {
  opened: boolean; close: () => void; title: string; words: string; action: string; busy: boolean; go: () => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <p>{words}</p>
      <div className={css.actions}>
        <Button variant="default" onClick={close} data-autofocus>{common.cancel}</Button>
        <Button color="no" loading={busy} onClick={go}>{action}</Button>
      </div>
    </Modal>
  );
}
