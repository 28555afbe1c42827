/** The sheet of keys, and the switch that turns single keys off. */
import { Modal, Switch } from "@mantine/core";
import { shortcutSheet, shortcuts } from "~/shared/copy/shortcuts";
import { singleKeys, useSingleKeys } from "~/shared/keys";
import { KeyCap } from "~/shared/ui/KeyCap";
import css from "./Shortcuts.module.css";

export function Shortcuts({ opened, close }: { opened: boolean; close: () => void }) {
  const on = useSingleKeys();
  return (
    <Modal opened={opened} onClose={close} title={shortcutSheet.title} size={1120}>
      <div className={css.groups}>
        {shortcuts.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.keys.map((line) => (
                <div key={line.words}>
                  <dt>{line.keys.map((key) => <KeyCap key={key}>{key}</KeyCap>)}</dt>
                  <dd>{line.words}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch mt="lg" checked={on} onChange={(event) => singleKeys.set(event.currentTarget.checked)} label={shortcutSheet.single} description={shortcutSheet.singleHelp} />
    </Modal>
  );
}
