/** The file of a channel: its size and format, its background, its name. */
import { Button, Checkbox, SegmentedControl, Slider, Switch, TextInput } from "@mantine/core";
import { useRef } from "react";
import type { Channel } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { Colour } from "~/shared/ui/Colour";
import type { SetChannel } from "./channelDraft";
import { exampleOf, FORMATS, isLossy, isPattern, NAME_WORDS, type Format } from "./channelWords";
import css from "./settings.module.css";

const copy = settings.channels.form;
type Props = { channel: Channel; set: SetChannel };

export function FileFields({ channel, set }: Props) {
  const [width, height] = channel.size;
  const lossy = isLossy(channel.format);
  return (
    <fieldset className={css.group}>
      <legend>{copy.file}</legend>
      <div className={css.pair}>
        <TextInput type="number" label={copy.width} value={width || ""} min={64} max={12000} required rightSection={<span className="soft small">{copy.px}</span>} onChange={(event) => set({ size: [Number(event.currentTarget.value), height] })} />
        <TextInput type="number" label={copy.height} value={height || ""} min={64} max={12000} required rightSection={<span className="soft small">{copy.px}</span>} onChange={(event) => set({ size: [width, Number(event.currentTarget.value)] })} />
      </div>
      <div className={css.field}>
        <span className={css.label} id="channel-format">{copy.format}</span>
        <SegmentedControl
          aria-labelledby="channel-format" fullWidth value={channel.format} data={FORMATS.map((one) => ({ value: one, label: settings.channels.formats[one] }))}
          onChange={(value) => {
            const format = value as Format;
            set({ format, transparent: format === "jpeg" ? false : channel.transparent, rules: { ...channel.rules, formats: [...new Set([...channel.rules.formats, format])] } });
          }}
        />
      </div>
      {lossy && <Range label={copy.quality} value={channel.quality} least={30} most={100} format={String} set={(quality) => set({ quality })} />}
      {lossy && channel.rules.max_bytes != null && (
        <Range label={copy.least} words={copy.leastHint} value={Math.min(channel.least_quality, channel.quality)} least={10} most={channel.quality} format={String} set={(least_quality) => set({ least_quality })} />
      )}
      <Switch
        label={copy.transparent} description={channel.format === "jpeg" ? copy.transparentNo : undefined} disabled={channel.format === "jpeg"} checked={channel.transparent}
        onChange={(event) => set({ transparent: event.currentTarget.checked })}
      />
      <Switch label={copy.asIs} description={copy.asIsHint} checked={channel.as_is} onChange={(event) => set({ as_is: event.currentTarget.checked })} />
      <Switch label={copy.gps} checked={channel.keep_gps} onChange={(event) => set({ keep_gps: event.currentTarget.checked })} />
    </fieldset>
  );
}

export function BackgroundFields({ channel, set }: Props) {
  return (
    <fieldset className={css.group}>
      <legend>{copy.look}</legend>
      <div className={css.field}>
        <div className={css.between}>
          <span className={css.label}>{copy.color}</span>
          <Checkbox size="xs" label={copy.asStyle} aria-label={`${copy.color}: ${copy.asStyle}`} checked={channel.color == null} onChange={(event) => set({ color: event.currentTarget.checked ? null : "#f4f4f2" })} />
        </div>
        {channel.color != null && (
          <Colour value={channel.color} set={(color) => set({ color })} label={copy.color} />
        )}
        <span className="soft small">{copy.colorHint}</span>
      </div>
      <div className={css.field}>
        <div className={css.between}>
          <span className={css.label}>{copy.margin}</span>
          <Checkbox size="xs" label={copy.asStyle} aria-label={`${copy.margin}: ${copy.asStyle}`} checked={channel.margin == null} onChange={(event) => set({ margin: event.currentTarget.checked ? null : 0.05 })} />
        </div>
        {channel.margin != null && <Range label={copy.margin} hidden value={channel.margin} least={0} most={0.45} step={0.01} format={(share) => `${Math.round(share * 100)} %`} set={(margin) => set({ margin })} />}
        <span className="soft small">{copy.marginHint}</span>
      </div>
    </fieldset>
  );
}

export function NameFields({ channel, set }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const insert = (word: string) => {
    const at = field.current?.selectionStart ?? channel.name_pattern.length;
    const end = field.current?.selectionEnd ?? at;
    const [before, behind] = [channel.name_pattern.slice(0, at), channel.name_pattern.slice(end)];
    const put = `${before}${before === "" || /[-_.]$/.test(before) ? "" : "-"}{${word}}`;
    set({ name_pattern: `${put}${behind}` });
    requestAnimationFrame(() => (field.current?.focus(), field.current?.setSelectionRange(put.length, put.length)));
  };
  const good = isPattern(channel.name_pattern);
  return (
    <fieldset className={css.group}>
      <legend>{copy.names}</legend>
      <TextInput
        ref={field} name="name_pattern" label={copy.pattern} value={channel.name_pattern} required maxLength={120} spellCheck={false} error={good ? undefined : copy.patternBad}
        onChange={(event) => set({ name_pattern: event.currentTarget.value })}
      />
      <div className={css.inserts}>
        {NAME_WORDS.map((word) => (
          <Button key={word} size="compact-xs" variant="default" aria-label={copy.insert(copy.words_[word] ?? word)} onClick={() => insert(word)}>{copy.words_[word]}</Button>
        ))}
      </div>
      {good && <p className="small" aria-live="polite"><span className="soft">{copy.example}: </span><span className={css.secret}>{exampleOf(channel)}</span></p>}
    </fieldset>
  );
}

export function Range({ label, words, value, least, most, step = 1, format, set, hidden }: {
  label: string; words?: string; value: number; least: number; most: number; step?: number; format: (value: number) => string; set: (value: number) => void; hidden?: boolean;
}) {
  return (
    <div className={css.field}>
      <div className={css.between}>
        {!hidden && <span className={css.label}>{label}</span>}
        <span className={`num ${css.end}`}>{format(value)}</span>
      </div>
      <Slider value={value} min={least} max={most} step={step} onChange={set} label={null} size={4} thumbSize={18} color="var(--ink)" thumbLabel={label} thumbValueText={format} className={css.slider} />
      {words && <span className="soft small">{words}</span>}
    </div>
  );
}
