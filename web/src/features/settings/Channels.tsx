/** Channels: each with its frame drawn; one is open beside the list. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { channels } from "~/api/queries";
import type { ChannelView } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import type { ChannelDraft } from "./channelDraft";
import { ChannelForm } from "./ChannelForm";
import { ChannelSheet } from "./ChannelSheet";
import { Frame } from "./Frame";
import { Head } from "./Section";
import css from "./settings.module.css";

const copy = settings.channels;

export function Channels() {
  const query = useQuery(channels());
  const [open, setOpen] = useState("");
  const [form, setForm] = useState<ChannelDraft | null>(null);
  const all = (query.data ?? []) as ChannelView[]; // the client’s types lose that a size is a pair
  const shown = all.find((one) => one.id === open) ?? all[0];
  const [shipped, own] = [all.filter((one) => one.shipped), all.filter((one) => !one.shipped)];
  return (
    <div className={`${css.tabBody} ${css.wide}`}>
      <Head title={copy.title} words={copy.words}>
        <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setForm({ from: null, revision: null })}>{copy.add}</Button>
      </Head>
      {query.isPending && <RowsWaiting count={5} />}
      {query.isError && !query.data && <Failed error={query.error} retry={() => void query.refetch()} />}
      {shown && (
        <div className={css.channels}>
          <div>
            {own.length > 0 && <List title={copy.own} of={own} shown={shown} open={setOpen} />}
            <List title={copy.shipped} of={shipped} shown={shown} open={setOpen} />
          </div>
          <ChannelSheet
            key={shown.id} one={shown} gone={() => setOpen("")} edit={() => setForm({ from: shown.channel, revision: shown.revision })}
            copyIt={() => setForm({ from: { ...shown.channel, id: "", name: "" }, revision: null })}
          />
        </div>
      )}
      <ChannelForm draft={form} close={() => setForm(null)} saved={(id) => (setForm(null), setOpen(id))} existing={all.map((one) => one.id)} />
    </div>
  );
}

function List({ title, of, shown, open }: { title: string; of: ChannelView[]; shown: ChannelView; open: (id: string) => void }) {
  return (
    <section className={css.channelGroup}>
      <h3 className="soft">{title}</h3>
      <ul className={css.channelList}>
        {of.map((one) => (
          <li key={one.id}>
            <button type="button" className={css.channel} aria-pressed={one.id === shown.id} onClick={() => open(one.id)}>
              <Frame channel={one.channel} size={52} />
              <span className={css.rowWords}>
                <strong className="ellipsis">{one.channel.name}</strong>
                <span className="soft small num">{copy.size(one.channel.size[0], one.channel.size[1])}, {copy.formats[one.channel.format]}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
