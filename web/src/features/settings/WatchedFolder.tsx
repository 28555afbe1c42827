/** A folder on the server whose photos become batches by themselves. */
import { Checkbox, SegmentedControl, Select, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { channels, allStyles } from "~/api/queries";
import type { Priority, WatchedFolder, Workspace } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { priorities } from "~/shared/copy/statuses";
import { Form, type Save } from "./Form";
import { Section } from "./Section";
import css from "./settings.module.css";

const copy = settings.workspace.watch;

export function WatchedFolderSection({ view, save }: { view: Workspace; save: Save }) {
  const saved = view.settings.watch ?? null;
  const [on, setOn] = useState(saved !== null);
  const [watch, set] = useState<WatchedFolder>(saved ?? { style: "white", options: {}, channels: ["shopify"], priority: "standard" });
  const styles = useQuery(allStyles()).data ?? [];
  const channelList = useQuery(channels()).data ?? [];
  const next = on ? watch : null;
  const good = !on || watch.channels.length > 0;
  return (
    <Section title={copy.title} words={copy.words}>
      <Form save={save} changed={good && JSON.stringify(next) !== JSON.stringify(saved)} go={() => save.put({ settings: { watch: next } })}>
        <Switch label={copy.on} description={on ? copy.where(view.id) : undefined} checked={on} disabled={!save.owner} onChange={(event) => setOn(event.currentTarget.checked)} />
        {on && (
          <>
            <Select
              label={copy.style} value={watch.style} allowDeselect={false} disabled={!save.owner} maw={320}
              // A style that needs a picture of its own is offered once it has one.
              data={styles.filter((one) => one.base !== "image" || one.chosen.picture).map((one) => ({ value: one.id, label: one.name }))}
              onChange={(style) => style && set({ ...watch, style, options: {} })}
            />
            <Checkbox.Group label={copy.channels} value={watch.channels} error={good ? undefined : copy.needs} onChange={(chosen) => set({ ...watch, channels: chosen })}>
              <div className={css.ticks}>{channelList.map((one) => <Checkbox key={one.id} value={one.id} label={one.channel.name} disabled={!save.owner} />)}</div>
            </Checkbox.Group>
            <div className={css.field}>
              <span id="watch-priority" className={css.label}>{copy.priority}</span>
              <SegmentedControl
                aria-labelledby="watch-priority" value={watch.priority} disabled={!save.owner} onChange={(priority) => set({ ...watch, priority: priority as Priority })}
                data={(["urgent", "standard", "overnight"] as const).map((one) => ({ value: one, label: priorities[one]?.name ?? one }))}
              />
              <span className="soft small">{priorities[watch.priority]?.words}</span>
            </div>
          </>
        )}
      </Form>
    </Section>
  );
}
