import { notifications } from "@mantine/notifications";
import { common } from "~/shared/copy/common";
import { explain } from "~/shared/errors";

const closable = { withCloseButton: true, closeButtonProps: { "aria-label": common.close } };

export const notify = (message: string): void => void notifications.show({ message, ...closable });

/** Notifies of an error: what happened, what to do, what to quote. */
export function notifyError(error: unknown): void {
  const { title, words, remedy, reference } = explain(error);
  notifications.show({
    title: words || title, message: [remedy, reference && `(${reference})`].filter(Boolean).join(" "), color: "no", autoClose: 12_000,
    ...closable,
  });
}
