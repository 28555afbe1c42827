/** One option: a slider, a colour, a choice, a switch, a picture. */
import { ActionIcon, Checkbox, NativeSelect, SegmentedControl, Slider, Switch, TextInput, Tooltip } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useId, type ReactNode } from "react";
import type { StyleOption } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { Colour } from "~/shared/ui/Colour";
import type { Words } from "./groups";
import { PictureOption } from "./PictureOption";
import type { Value } from "./previews";
import css from "./editor.module.css";

type Props = { option: StyleOption; moved: boolean; words: Words; set: (value: Value) => void; clear: () => void };
// Papers and walls of photo studios: neutral to warm, and two that lead the eye.
// Where a slider begins once it is set by hand; others at the middle of their range.
const BEGINS: Record<string, number> = { baseline: 0.88 };
const BRAND = "#d9b8a4"; // a colour to begin with where the set came as it is
const SWATCHES = ["#ffffff", "#f5f4f2", "#ece9e4", "#dcd8d1", "#c9cdd1", "#e8d9cc", "#d5dccf", "#cfdbe3", "#8e8e92", "#2d2d30"];

export function Option({ option, moved, words: { title, words }, set, clear }: Props) {
  const id = useId();
  const number = typeof option.value === "number" ? option.value : null;
  const reset = moved && option.kind !== "picture" && (
    <Tooltip label={copy.resetOne(title)}>
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={copy.resetOne(title)} onClick={clear}><IconArrowBackUp size={15} aria-hidden /></ActionIcon>
    </Tooltip>
  );
  const field = (beside: ReactNode, control: ReactNode) => (
    <div className={css.option} role="group" aria-labelledby={id}>
      <div className={css.optionTop}>
        <span id={id}>{title}</span>
        {reset}
        <span className={css.fill} />
        {beside}
      </div>
      {control}
      {words && <p className="soft small">{words}</p>}
    </div>
  );
  const none = option.kind === "colour" ? "" : null;
  const unset = copy.unset[option.name] ?? copy.fromPhoto;
  const unsetBox = (is: boolean, begin: Value) => (
    <Checkbox size="xs" label={unset} aria-label={copy.unsetOf(title, unset)} checked={is} onChange={(event) => set(event.currentTarget.checked ? none : begin)} />
  );
  switch (option.kind) {
    case "number":
    case "whole number": {
      const [least, most] = [option.least ?? 0, option.most ?? Math.max(1, 2 * (number ?? 1))];
      const format = (value: number) => formatted(value, least, most, option.kind === "whole number");
      const slider = number !== null && (
        <Slider
          value={number} onChange={set} min={least} max={most} step={option.kind === "whole number" ? 1 : 0.01} label={null} size={4} thumbSize={18} color="var(--ink)"
          startPointValue={least < 0 ? 0 : undefined} thumbLabel={title} thumbValueText={format} className={css.slider}
        />
      );
      const beside = option.optional ? unsetBox(number === null, BEGINS[option.name] ?? (least + most) / 2) : null;
      return field(<>{beside}{number !== null && <span className="num">{format(number)}</span>}</>, slider);
    }
    case "colour": {
      const colour = String(option.value ?? "");
      const picker = colour && <Colour value={colour} set={set} label={title} swatches={SWATCHES} />;
      return field(option.optional ? unsetBox(colour === "", BRAND) : null, picker);
    }
    case "choice": {
      const choices = (option.choices ?? []).map((one) => ({ value: one, label: copy.choices[one] ?? one }));
      if (option.optional || choices.length > 4) {
        const all = option.optional ? [{ value: "", label: unset }, ...choices] : choices;
        return field(null, <NativeSelect data={all} value={String(option.value ?? "")} aria-label={title} onChange={(event) => set(event.currentTarget.value || null)} />);
      }
      return field(null, (
        <SegmentedControl
          fullWidth value={String(option.value)} onChange={set} aria-label={title}
          data={choices}
        />
      ));
    }
    case "switch":
      return field(<Switch checked={option.value === true} onChange={(event) => set(event.currentTarget.checked)} aria-label={title} />, null);
    case "picture":
      return field(null, <PictureOption id={String(option.value ?? "")} choose={set} clear={clear} />);
    default:
      return field(null, <TextInput value={String(option.value ?? "")} onChange={(event) => set(event.currentTarget.value)} aria-label={title} maxLength={200} />);
  }
}

function formatted(value: number, least: number, most: number, whole: boolean): string {
  if (whole) return copy.unit.whole(value);
  if (least < 0) return copy.unit.signed(value);
  return most < 2 ? copy.unit.percent(value) : copy.unit.plain(value);
}
