/** A channel of one's own, made anew or changed as a whole. */
import { Button, Drawer, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, got } from "~/api/client";
import { channels } from "~/api/queries";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { say } from "~/shared/notify";
import { told } from "~/shared/ui/states";
import { isLossy, isPattern, shortName, type Channel } from "./channelWords";
import { FileFields, LookFields, NameFields } from "./ChannelFile";
import { RuleFields } from "./ChannelRules";
import { Frame } from "./Frame";
import css from "./settings.module.css";

const copy = settings.channels.form;
/** `from`: what it starts with. `revision`: of the channel that is changed, null where it is a new one. */
export type Draft = { from: Channel | null; revision: number | null };
export type Set = (part: Partial<Channel>) => void;

const BLANK: Channel = {
  id: "", name: "", words: "", size: [2000, 2000], format: "jpeg", quality: 90, least_quality: 60, color: null, margin: null, name_pattern: "{sku}-{role}",
  transparent: false, keep_gps: false, as_is: false, sources: [],
  rules: { formats: ["jpeg"], min_side_px: 1, max_side_px: 65_535, product_px: 1, max_bytes: null, white: false, fill: [0, 1], disclosure: true, hard: ["format", "side", "bytes", "safety", "unchanged"] },
};

export function ChannelForm({ draft, close, saved, taken }: { draft: Draft | null; close: () => void; saved: (id: string) => void; taken: string[] }) {
  // What it showed stays on it while it slides away.
  const [last, keep] = useState(draft);
  if (draft && draft !== last) keep(draft);
  const title = last?.revision !== null && last?.from ? copy.edit(last.from.name) : copy.add;
  return (
    <Drawer opened={draft !== null} onClose={close} position="right" size={620} title={title} styles={{ content: { background: "var(--panel)" }, header: { background: "var(--panel)" } }}>
      {last && <Fields key={JSON.stringify([last.from?.id, last.revision])} draft={last} close={close} saved={saved} taken={taken} />}
    </Drawer>
  );
}

function Fields({ draft, close, saved, taken }: { draft: Draft; close: () => void; saved: (id: string) => void; taken: string[] }) {
  const client = useQueryClient();
  const isNew = draft.revision === null;
  const [channel, put] = useState<Channel>(draft.from ?? BLANK);
  const [ownId, setOwnId] = useState(!isNew);
  const set: Set = (part) => put((old) => ({ ...old, ...part }));
  const free = (wanted: string) => {
    for (let number = 1; ; number += 1) {
      const id = number === 1 ? wanted : `${wanted.slice(0, 36)}-${number}`;
      if (!taken.includes(id)) return id;
    }
  };
  const save = useMutation({
    mutationFn: (body: Channel) =>
      got(isNew ? api.POST("/api/v1/channels", { body }) : api.PUT("/api/v1/channels/{channel_id}", { params: { path: { channel_id: body.id }, header: { "If-Match": `"${draft.revision}"` } }, body })),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: channels().queryKey });
      say(copy.saved(made.channel.name));
      saved(made.id);
    },
  });
  const source = channel.sources[0] ?? { words: "", date: "", address: "" };
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
        const formats = channel.rules.formats.includes(channel.format) ? channel.rules.formats : [...channel.rules.formats, channel.format];
        const least = Math.min(channel.least_quality, channel.quality);
        save.mutate({ ...channel, name: channel.name.trim(), least_quality: isLossy(channel.format) ? least : channel.least_quality, rules: { ...channel.rules, formats } });
      }}
    >
      <div className={css.formTop}>
        <Frame channel={channel} size={104} />
        <div className={css.form}>
          <TextInput
            label={copy.name} value={channel.name} required maxLength={200} data-autofocus
            onChange={(event) => set({ name: event.currentTarget.value, ...(ownId ? {} : { id: free(shortName(event.currentTarget.value)) }) })}
          />
          <TextInput
            label={copy.id} description={copy.idHint} value={channel.id} required disabled={!isNew} pattern="[a-z0-9][a-z0-9_\-]{0,39}" title={copy.idBad} spellCheck={false}
            onChange={(event) => (setOwnId(true), set({ id: event.currentTarget.value }))}
          />
        </div>
      </div>
      <TextInput label={copy.words} value={channel.words} maxLength={400} onChange={(event) => set({ words: event.currentTarget.value })} />
      <FileFields channel={channel} set={set} />
      <LookFields channel={channel} set={set} />
      <NameFields channel={channel} set={set} />
      <RuleFields channel={channel} set={set} />
      <TextInput
        label={copy.source} description={copy.sourceHint} value={source.words} maxLength={400}
        onChange={(event) => {
          const words = event.currentTarget.value;
          const first = { ...source, words, date: new Date().toISOString().slice(0, 10) };
          set({ sources: words ? [first, ...channel.sources.slice(1)] : channel.sources.slice(1) });
        }}
      />
      {save.error && <p className={css.bad} role="alert">{told(save.error).words} {told(save.error).remedy}</p>}
      <div className={css.stickyDeeds}>
        <Button variant="default" onClick={close}>{common.cancel}</Button>
        <Button type="submit" loading={save.isPending}>{copy.save}</Button>
      </div>
    </form>
  );
}
