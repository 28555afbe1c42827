import { Button, Group, Modal } from "@mantine/core";
import { common } from "~/shared/copy/common";

/** Confirms an action that cannot be undone. */
export function Confirm({ opened, title, words, action, busy, close, confirm }: {
  opened: boolean; title: string; words: string; action: string; busy?: boolean; close: () => void; confirm: () => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title} size={440}>
      <p className="soft">{words}</p>
      <Group justify="flex-end" mt="xl">
        <Button variant="default" onClick={close} data-autofocus>{common.cancel}</Button>
        <Button color="no" loading={busy} onClick={confirm}>{action}</Button>
      </Group>
    </Modal>
  );
}
