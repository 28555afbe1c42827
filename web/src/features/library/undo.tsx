import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { announce } from "~/shared/announce";
import { common } from "~/shared/copy/common";

/** Notifies of an action, with an undo button for a few seconds. */
export function notifyWithUndo(words: string, undo: () => void): void {
  announce(words);
  const id = notifications.show({
    withCloseButton: true,
    autoClose: 9_000,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <span>{words}</span>
        <Button size="compact-sm" variant="default" style={{ flex: "none" }} onClick={() => (notifications.hide(id), undo())}>{common.undo}</Button>
      </Group>
    ),
  });
}
