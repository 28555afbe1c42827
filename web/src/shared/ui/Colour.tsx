/** A colour: its swatch opens a picker that also works by keyboard, its hex code can be typed. */
import "@mantine/core/styles/ColorSwatch.css";
import "@mantine/core/styles/ColorPicker.css";
import { ColorPicker, Popover, TextInput } from "@mantine/core";
import { useState } from "react";
import { common } from "~/shared/copy/common";
import css from "./Colour.module.css";

const HEX = /^#?([0-9a-f]{6})$/i;

export function Colour({ value, set, label, swatches, disabled }: {
  value: string; set: (value: string) => void; label: string; swatches?: string[]; disabled?: boolean;
}) {
  const [typed, type] = useState<string | null>(null); // while it is no colour yet
  const take = (text: string) => {
    const hex = HEX.exec(text.trim())?.[1];
    type(hex ? null : text);
    if (hex) set(`#${hex.toLowerCase()}`);
  };
  return (
    <div className={css.colour}>
      <Popover position="bottom-start" trapFocus shadow="md" radius="md" withinPortal={false}>
        <Popover.Target>
          <button type="button" className={css.swatch} aria-label={common.pickColour(label)} style={{ background: value }} disabled={disabled} />
        </Popover.Target>
        <Popover.Dropdown p="sm">
          <ColorPicker
            value={value} onChange={(next) => take(next)} format="hex" swatches={swatches} swatchesPerRow={5} fullWidth w={228}
            saturationLabel={common.colourTone(label)} hueLabel={common.colourHue(label)}
          />
        </Popover.Dropdown>
      </Popover>
      <TextInput
        value={typed ?? value} onChange={(event) => take(event.currentTarget.value)} onBlur={() => type(null)} aria-label={label} spellCheck={false} maxLength={9}
        disabled={disabled} className={css.code}
      />
    </div>
  );
}
