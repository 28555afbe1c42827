/** The form of a team's own channel, new or changed. */
import { Button, Drawer, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { channels } from "~/api/queries";
import type { Channel } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { explain } from "~/shared/errors";
import { notify } from "~/shared/notify";
import { BLANK, idFor, toSave, withSource, type ChannelDraft, type SetChannel } from "./channelDraft";
import { isPattern } from "./channelWords";
import { FileFields, BackgroundFields, NameFields } from "./ChannelFile";
import { RuleFields } from "./ChannelRules";
import { Frame } from "./Frame";
import css from "./settings.module.css";

const copy = settings.channels.form;

export function ChannelForm({ draft, close, saved, existing }: { draft: ChannelDraft | null; close: () => void; saved: (id: string) => void; existing: string[] }) {
  // The last draft stays on it while it slides away.
  const [last, setLast] = useState(draft);
  if (draft && draft !== last) setLast(draft);
  const title = last?.revision !== null && last?.from ? copy.edit(last.from.name) : copy.add;
  return (
    <Drawer opened={draft !== null} onClose={close} position="right" size={620} title={title} styles={{ content: { background: "var(--panel)" }, header: { background: "var(--panel)" } }}>
      {last && <Fields key={JSON.stringify([last.from?.id, last.revision])} draft={last} close={close} saved={saved} existing={existing} />}
    </Drawer>
  );
}

function Fields({ draft, close, saved, existing }: { draft: ChannelDraft; close: () => void; saved: (id: string) => void; existing: string[] }) {
  const client = useQueryClient();
  const isNew = draft.revision === null;
  const [channel, setChannel] = useState<Channel>(draft.from ?? BLANK);
  const [ownId, setOwnId] = useState(!isNew);
  const set: SetChannel = (part) => setChannel((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: (body: Channel) =>
      unwrap(isNew ? api.POST("/api/v1/channels", { body }) : api.PUT("/api/v1/channels/{channel_id}", { params: { path: { channel_id: body.id }, header: { "If-Match": `"${draft.revision}"` } }, body })),
    onSuccess: async (stored) => {
      await client.invalidateQueries({ queryKey: channels().queryKey });
      notify(copy.saved(stored.channel.name));
      saved(stored.id);
    },
  });
  return (
    <form
      className={css.channelForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPattern(channel.name_pattern)) {
          const field = event.currentTarget.elements.namedItem("name_pattern");
          if (field instanceof HTMLElement) field.focus();
          return;
        }
        save.mutate(toSave(channel));
      }}
    >
      <div className={css.formTop}>
        <Frame channel={channel} size={104} />
        <div className={css.form}>
          <TextInput
            label={copy.name} value={channel.name} required maxLength={200} data-autofocus
            onChange={(event) => set({ name: event.currentTarget.value, ...(ownId ? {} : { id: idFor(event.currentTarget.value, existing) }) })}
          />
          <TextInput
            label={copy.id} description={copy.idHint} value={channel.id} required disabled={!isNew} pattern="[a-z0-9][a-z0-9_\-]{0,39}" title={copy.idBad} spellCheck={false}
            onChange={(event) => (setOwnId(true), set({ id: event.currentTarget.value }))}
          />
        </div>
      </div>
      <TextInput label={copy.words} value={channel.words} maxLength={400} onChange={(event) => set({ words: event.currentTarget.value })} />
      <FileFields channel={channel} set={set} />
      <BackgroundFields channel={channel} set={set} />
      <NameFields channel={channel} set={set} />
      <RuleFields channel={channel} set={set} />
      <TextInput
        label={copy.source} description={copy.sourceHint} value={channel.sources[0]?.words ?? ""} maxLength={400}
        onChange={(event) => set({ sources: withSource(channel, event.currentTarget.value, new Date().toISOString().slice(0, 10)) })}
      />
      {save.error && <p className={css.bad} role="alert">{explain(save.error).words} {explain(save.error).remedy}</p>}
      <div className={css.stickyActions}>
        <Button variant="default" onClick={close}>{common.cancel}</Button>
        <Button type="submit" loading={save.isPending}>{copy.save}</Button>
      </div>
    </form>
  );
}
