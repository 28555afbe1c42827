/** A channel's rules for a file, and which of them are hard. */
import { Checkbox, RangeSlider, Switch, TextInput } from "@mantine/core";
import type { Channel } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import type { SetChannel } from "./channelDraft";
import { FORMATS, RULES, type Format, type Rule } from "./channelWords";
import css from "./settings.module.css";

const copy = settings.channels.form;
const ANY_SIDE = 65_535;

export function RuleFields({ channel, set }: { channel: Channel; set: SetChannel }) {
  const { rules } = channel;
  const put = (part: Partial<Channel["rules"]>) => set({ rules: { ...rules, ...part } });
  const pixels = (label: string, value: number, none: number, to: (value: number) => void) => (
    <TextInput
      type="number" label={label} placeholder={copy.noLimit} value={value === none ? "" : value} min={1} max={ANY_SIDE} rightSection={<span className="soft small">{copy.px}</span>}
      onChange={(event) => to(event.currentTarget.value === "" ? none : Math.max(1, Math.round(Number(event.currentTarget.value))))}
    />
  );
  return (
    <fieldset className={css.group}>
      <legend>{copy.rules}</legend>
      <Checkbox.Group label={copy.accepts} value={rules.formats} onChange={(formats) => put({ formats: FORMATS.filter((one): one is Format => formats.includes(one) || one === channel.format) })}>
        <div className={css.ticks}>
          {FORMATS.map((one) => <Checkbox key={one} value={one} label={settings.channels.formats[one]} disabled={one === channel.format} />)}
        </div>
      </Checkbox.Group>
      <div className={css.pair}>
        {pixels(copy.minSide, rules.min_side_px, 1, (min_side_px) => put({ min_side_px }))}
        {pixels(copy.maxSide, rules.max_side_px, ANY_SIDE, (max_side_px) => put({ max_side_px }))}
        {pixels(copy.product, rules.product_px, 1, (product_px) => put({ product_px }))}
        <TextInput
          type="number" label={copy.bytes} placeholder={copy.noLimit} value={rules.max_bytes ? rules.max_bytes / 1e6 : ""} min={0.01} step="any" rightSection={<span className="soft small">{copy.mb}</span>}
          onChange={(event) => put({ max_bytes: Number(event.currentTarget.value) > 0 ? Math.round(Number(event.currentTarget.value) * 1e6) : null })}
        />
      </div>
      <div className={css.field}>
        <div className={css.between}>
          <span className={css.label}>{copy.fill}</span>
          <span className="num">{copy.fillOf(Math.round(rules.fill[0] * 100), Math.round(rules.fill[1] * 100))}</span>
        </div>
        <RangeSlider
          value={[rules.fill[0], rules.fill[1]]} min={0} max={1} step={0.01} minRange={0.02} onChange={(fill) => put({ fill })} label={null} size={4} thumbSize={18} color="var(--ink)"
          thumbFromLabel={copy.fillLeast} thumbToLabel={copy.fillMost} className={css.slider}
        />
      </div>
      <Switch label={copy.white} checked={rules.white} onChange={(event) => put({ white: event.currentTarget.checked })} />
      <Switch label={copy.disclosure} checked={rules.disclosure} onChange={(event) => put({ disclosure: event.currentTarget.checked })} />
      <Checkbox.Group label={copy.hard} description={copy.hardHint} value={rules.hard} onChange={(hard) => put({ hard: RULES.filter((one): one is Rule => hard.includes(one)) })}>
        <div className={css.ticks}>{RULES.map((one) => <Checkbox key={one} value={one} label={copy.hardOf[one]} />)}</div>
      </Checkbox.Group>
    </fieldset>
  );
}
