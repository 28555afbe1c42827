/** The name and the description of a team's own style. */
import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { common } from "~/shared/copy/common";
import { styles as copy } from "~/shared/copy/styles";
import css from "./styles.module.css";

export function SaveStyle({ opened, close, title, name, words, busy, save }: {
  opened: boolean; close: () => void; title: string; name: string; words: string; busy: boolean; save: (fields: { name: string; words: string }) => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const text = (field: string) => String(form.get(field) ?? "").replace(/\s+/g, " ").trim();
          if (text("name")) save({ name: text("name"), words: text("words") });
        }}
      >
        <TextInput name="name" label={copy.save.name} description={copy.save.nameHint} defaultValue={name} required maxLength={200} data-autofocus />
        <Textarea name="words" label={copy.save.words} description={copy.save.wordsHint} defaultValue={words} rows={3} maxLength={1000} />
        <div className={css.formActions}>
          <Button variant="default" onClick={close}>{common.cancel}</Button>
          <Button type="submit" loading={busy}>{copy.save.action}</Button>
        </div>
      </form>
    </Modal>
  );
}
