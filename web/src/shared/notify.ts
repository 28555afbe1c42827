import { notifications } from "@mantine/notifications";
import { told } from "~/shared/ui/states";

export const say = (message: string): void => void notifications.show({ message, withCloseButton: true });

/** A failed deed: what happened, what to do, what to quote. Nothing of it is lost by closing it. */
export function sayFailed(error: unknown): void {
  const { title, words, remedy, reference } = told(error);
  notifications.show({
    title: words || title, message: [remedy, reference && `(${reference})`].filter(Boolean).join(" "), color: "no", autoClose: 12_000,
    withCloseButton: true,
  });
}
