/** How a photo's product is found, each way with an example of it. */
import { IconArrowRight } from "@tabler/icons-react";
import { Pill } from "~/shared/ui/marks";
import { upload as copy } from "~/shared/copy/upload";
import { changeSettings, useSettings } from "../engine/settings";
import type { Way } from "../model/skus";
import css from "../upload.module.css";

const ways: Way[] = ["name", "folder", "none"];

export function Ways() {
  const { way } = useSettings();
  return (
    <fieldset className={css.ways}>
      <legend>{copy.setup.way}</legend>
      {ways.map((one) => {
        const words = copy.setup.ways[one];
        return (
          <label key={one} className={css.way} data-on={way === one || undefined}>
            <input type="radio" name="upload-way" checked={way === one} onChange={() => changeSettings({ way: one })} />
            <span>
              <strong>{words.title}</strong>
              <span className="soft small">{words.words}</span>
              {way === one && words.to && (
                <span className={css.example}>
                  <span className={css.from}>{words.from.map((name) => <code key={name}>{name}</code>)}</span>
                  <IconArrowRight size={15} stroke={1.6} aria-hidden />
                  <span className={css.to}><code>{words.to}</code><Pill>{words.angles}</Pill></span>
                </span>
              )}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
