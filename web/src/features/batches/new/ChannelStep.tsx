/** Step 3: the channels, with their rules in plain words. */
import { IconAlertTriangle, IconCheck, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { channels as channelsQuery, allStyles } from "~/api/queries";
import type { Style } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { common } from "~/shared/copy/common";
import { Pill } from "~/shared/ui/marks";
import { Failed, TilesWaiting } from "~/shared/ui/states";
import type { StyleChoice } from "./draft";
import css from "./new.module.css";
import type { StepProps } from "./Products";
import { choiceName } from "./StyleStep";

const copy = batches.newBatch.channels;
const useChannels = () => useQuery(channelsQuery());
type ChannelView = NonNullable<ReturnType<typeof useChannels>["data"]>[number];

export function ChannelStep({ draft, change }: StepProps) {
  const channels = useChannels();
  const styles = useQuery(allStyles());
  if (channels.isPending) return <TilesWaiting count={4} size={220} />;
  if (channels.isError) return <Failed error={channels.error} retry={() => void channels.refetch()} />;
  const toggle = (id: string) => change({ channels: draft.channels.includes(id) ? draft.channels.filter((one) => one !== id) : [...draft.channels, id] });
  const master = channels.data.find((one) => one.id === "master");
  const choices = channels.data.filter((one) => one.id !== "master");
  const picked = choices.filter((one) => draft.channels.includes(one.id));
  const colourful = draft.choices.filter((one) => !isWhite(one, styles.data ?? []));
  const notWhite = colourful.length > 0 ? picked.filter((one) => one.channel.rules?.white) : [];
  return (
    <>
      <div className={css.channels} role="group" aria-label={copy.title}>
        {choices.map((one) => (
          <label key={one.id} className={css.channel} data-on={draft.channels.includes(one.id) || undefined}>
            <input
              type="checkbox" className="visually-hidden" checked={draft.channels.includes(one.id)} onChange={() => toggle(one.id)}
              aria-labelledby={`channel-${one.id}`} aria-describedby={`rules-${one.id}`}
            />
            <ChannelCard view={one} on={draft.channels.includes(one.id)} />
          </label>
        ))}
        {master && <div className={css.channel} data-always><ChannelCard view={master} on /></div>}
        <Link to="/settings" search={{ tab: "channels" }} className={css.own}><IconPlus size={18} aria-hidden />{copy.own}</Link>
      </div>
      {picked.length === 0 && <p className="soft small">{copy.none}</p>}
      {notWhite.map((one) => (
        <p key={one.id} className={css.warn}>
          <IconAlertTriangle size={15} stroke={2} aria-hidden />
          {copy.needsWhite(one.channel.name, colourful.map((choice) => choiceName(choice, draft.choices, styles.data ?? [])).join(", "))}
        </p>
      ))}
    </>
  );
}

function ChannelCard({ view, on }: { view: ChannelView; on: boolean }) {
  const { channel } = view;
  const [width = 1, height = 1] = channel.size;
  const most = Math.max(width, height);
  return (
    <>
      <span className={css.channelTop}>
        <span className={css.ratio} aria-hidden><span style={{ width: `${(26 * width) / most}px`, height: `${(26 * height) / most}px` }} /></span>
        <strong className="ellipsis" id={`channel-${view.id}`}>{channel.name}</strong>
        {view.id === "master" ? <Pill>{copy.always}</Pill> : !view.shipped ? <Pill>{copy.yours}</Pill> : null}
        {view.id !== "master" && <span className={css.box} data-on={on || undefined} aria-hidden>{on && <IconCheck size={13} stroke={3} />}</span>}
      </span>
      <span className={css.rules} id={`rules-${view.id}`}>
        <span className="num small">{copy.size(width, height, copy.formats[channel.format] ?? channel.format)}</span>
        {rulesOf(channel).map((words) => <span key={words} className="soft small">{words}</span>)}
      </span>
    </>
  );
}

function rulesOf(channel: ChannelView["channel"]): string[] {
  const { rules, transparent, color } = channel;
  const words = copy.rules;
  const sentences: string[] = [];
  if (transparent) sentences.push(words.transparent);
  if (rules?.white) sentences.push(words.white);
  const [least = 0, most = 1] = rules?.fill ?? [];
  if (least > 0) sentences.push(words.fill(least, most));
  if (color && !transparent) sentences.push(words.color);
  if (rules?.max_bytes) sentences.push(words.bytes(common.bytes(rules.max_bytes).replace(".0 ", " ")));
  if (rules && rules.product_px > 1) sentences.push(words.product(rules.product_px));
  return sentences;
}

/** Whether a style gives pure white, or a transparent background, which a channel fills by its rules. */
function isWhite(choice: StyleChoice, styles: Style[]): boolean {
  const style = styles.find((one) => one.id === choice.style);
  if (!style) return true;
  const value = (name: string) => choice.options[name] ?? style.options.find((one) => one.name === name)?.value;
  if (style.base === "white" || style.base === "transparent") return true;
  return style.base === "color" && String(value("color")).toLowerCase() === "#ffffff" && !value("warmth");
}
