/** A channel while it is edited: what it starts with, its short name, and what is sent when it is saved. */
import type { Channel } from "~/api/types";
import { isLossy, shortName } from "./channelWords";

/** `from`: what it starts with. `revision`: of the channel that is changed, null where it is a new one. */
export type ChannelDraft = { from: Channel | null; revision: number | null };
export type SetChannel = (part: Partial<Channel>) => void;

export const BLANK: Channel = {
  id: "", name: "", words: "", size: [2000, 2000], format: "jpeg", quality: 90, least_quality: 60, color: null, margin: null, name_pattern: "{sku}-{role}",
  transparent: false, keep_gps: false, as_is: false, sources: [],
  rules: { formats: ["jpeg"], min_side_px: 1, max_side_px: 65_535, product_px: 1, max_bytes: null, white: false, fill: [0, 1], disclosure: true, hard: ["format", "side", "bytes", "safety", "unchanged"] },
};

/** The short name for a channel of this name, with a number where another channel has it already. */
export function idFor(name: string, existing: readonly string[]): string {
  const short = shortName(name);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? short : `${short.slice(0, 36)}-${number}`;
    if (!existing.includes(id)) return id;
  }
}

/** The channel as it is sent: it accepts its own format, and its lowest quality is not above its quality. */
export function toSave(channel: Channel): Channel {
  const { format, rules } = channel;
  const formats = rules.formats.includes(format) ? rules.formats : [...rules.formats, format];
  const least_quality = isLossy(format) ? Math.min(channel.least_quality, channel.quality) : channel.least_quality;
  return { ...channel, name: channel.name.trim(), least_quality, rules: { ...rules, formats } };
}

/** The first source is what the person typed today; without words it is taken away. */
export function withSource(channel: Channel, words: string, today: string): Channel["sources"] {
  const [first = { words: "", date: "", address: "" }, ...rest] = channel.sources;
  return words ? [{ ...first, words, date: today }, ...rest] : rest;
}
