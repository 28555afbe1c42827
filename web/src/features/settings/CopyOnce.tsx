/** A secret that is shown once: in full, with a button that copies it. */
import { Button, TextInput } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { announce } from "~/shared/announce";
import { settings as copy } from "~/shared/copy/settings";
import css from "./settings.module.css";

export function CopyOnce({ label, words, value }: { label: string; words: string; value: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [done, set] = useState(false);
  const take = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      document.execCommand("copy"); // without https there is no other way
    }
    set(true);
    announce(copy.copiedAnnouncement);
  };
  return (
    <div className={css.once}>
      <TextInput ref={field} label={label} description={words} value={value} readOnly onFocus={(event) => event.currentTarget.select()} classNames={{ input: css.secret }} data-autofocus />
      <Button variant={done ? "default" : "filled"} leftSection={done ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />} onClick={() => void take()}>
        {done ? copy.copied : copy.copyAction}
      </Button>
    </div>
  );
}
