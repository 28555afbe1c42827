/** One channel in plain words: its file, its rules, and their sources. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { channels } from "~/api/queries";
import type { ChannelView } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { notify, notifyError } from "~/shared/notify";
import { Confirm } from "./Confirm";
import { exampleOf, isLossy, rulesOf } from "./channelWords";
import { Frame } from "./Frame";
import css from "./settings.module.css";

const copy = settings.channels;

export function ChannelSheet({ one, edit, copyIt, gone }: { one: ChannelView; edit: () => void; copyIt: () => void; gone: () => void }) {
  const client = useQueryClient();
  const [confirming, setConfirming] = useState(false);
  const { channel } = one;
  const { must, warns } = rulesOf(channel);
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/channels/{channel_id}", { params: { path: { channel_id: one.id } } })),
    onSuccess: async () => {
      gone();
      notify(copy.ask.done(channel.name));
      await client.invalidateQueries({ queryKey: channels().queryKey });
    },
    onError: notifyError,
  });
  const facts = [
    `${copy.size(channel.size[0], channel.size[1])}, ${copy.formats[channel.format]}`,
    isLossy(channel.format) && copy.facts.quality(channel.quality, channel.rules.max_bytes ? channel.least_quality : channel.quality),
    channel.transparent && copy.facts.transparent,
    channel.color && copy.facts.color(channel.color),
    channel.margin && copy.facts.margin(channel.margin),
    copy.facts.names(exampleOf(channel)),
    channel.as_is && copy.facts.asIs,
    channel.keep_gps && copy.facts.gps,
  ].filter((fact): fact is string => Boolean(fact));
  return (
    <article className={css.sheet} aria-label={channel.name}>
      <div className={css.sheetTop}>
        <Frame channel={channel} size={132} />
        <div>
          <h2>{channel.name}</h2>
          <p className="soft">{channel.words}</p>
          <div className={css.inline}>
            {!one.shipped && <Button size="xs" variant="default" onClick={edit}>{copy.edit}</Button>}
            <Button size="xs" variant="default" onClick={copyIt}>{copy.copy}</Button>
            {!one.shipped && <Button size="xs" variant="subtle" color="no" onClick={() => setConfirming(true)}>{copy.remove}</Button>}
          </div>
        </div>
      </div>
      <div className={css.columns}>
        <section>
          <h3>{copy.file}</h3>
          <ul className={css.facts}>{facts.map((fact) => <li key={fact}>{fact}</li>)}</ul>
          {channel.sources.length > 0 && <h3>{copy.sources}</h3>}
          {channel.sources.map((source) => (
            <p key={source.words} className={`soft small ${css.source}`}>
              {source.words} {source.date && `${copy.read(source.date)}.`}{" "}
              {/^https?:\/\//.test(source.address) && <a href={source.address} target="_blank" rel="noreferrer">{new URL(source.address).host}</a>}
            </p>
          ))}
        </section>
        <section>
          <h3>{copy.must}</h3>
          <p className="soft small">{copy.mustWords}</p>
          <ul className={css.facts}>{must.map((rule) => <li key={rule}><IconCheck size={16} stroke={2} aria-hidden className={css.okSign} />{rule}</li>)}</ul>
          {warns.length > 0 && (
            <>
              <h3>{copy.warns}</h3>
              <p className="soft small">{copy.warnsWords}</p>
              <ul className={css.facts}>{warns.map((rule) => <li key={rule}><IconAlertTriangle size={16} stroke={1.8} aria-hidden className={css.lookSign} />{rule}</li>)}</ul>
            </>
          )}
        </section>
      </div>
      <Confirm opened={confirming} close={() => setConfirming(false)} title={copy.ask.title(channel.name)} words={copy.ask.words} action={copy.ask.action} busy={remove.isPending} go={() => remove.mutate()} />
    </article>
  );
}
