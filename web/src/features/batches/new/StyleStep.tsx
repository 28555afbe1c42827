/** Step 2: one or more styles, each with its sliders, previewed on the chosen photos. */
import { Button } from "@mantine/core";
import { IconArrowBackUp, IconCopyPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { allStyles } from "~/api/queries";
import type { Photo, Style } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { styles as styleCopy } from "~/shared/copy/styles";
import { Failed, TilesWaiting } from "~/shared/ui/states";
import { moved, without } from "~/features/styles/draft";
import { grouped, wordsOf } from "~/features/styles/groups";
import { Option } from "~/features/styles/Option";
import { styleChoice as newChoice, type StyleChoice, type Value } from "./draft";
import css from "./new.module.css";
import { StyleCard } from "./StyleCard";
import { Preview } from "./Preview";
import type { StepProps } from "./Products";

const copy = batches.newBatch.style;
const MOST = 20;

export function StyleStep({ draft, change, photos }: StepProps & { photos: Photo[] }) {
  const styles = useQuery(allStyles());
  const [open, setOpen] = useState("");
  if (styles.isPending) return <TilesWaiting count={5} size={150} />;
  if (styles.isError) return <Failed error={styles.error} retry={() => void styles.refetch()} />;
  const all = styles.data;
  const active = draft.choices.find((one) => one.key === open) ?? draft.choices.at(-1);
  const toggle = (style: Style) => {
    if (draft.choices.some((one) => one.style === style.id)) return change({ choices: draft.choices.filter((one) => one.style !== style.id) });
    if (draft.choices.length >= MOST) return;
    const choice = newChoice(style.id);
    change({ choices: [...draft.choices, choice] });
    setOpen(choice.key);
  };
  const ordered = [...all.filter((style) => !style.shipped), ...all.filter((style) => style.shipped)];
  return (
    <>
      <div className={css.styles} role="group" aria-label={copy.all}>
        {ordered.map((style) => (
          <StyleCard key={style.id} style={style} photo={photos[0]} on={draft.choices.some((one) => one.style === style.id)} toggle={() => toggle(style)} />
        ))}
      </div>
      {active && (
        <ChosenStyle
          key={active.key} draft={draft} active={active} styles={all} photos={photos} show={setOpen}
          change={(choices, next) => {
            change({ choices });
            if (next) setOpen(next);
          }}
        />
      )}
    </>
  );
}

function ChosenStyle({ draft, active, styles, photos, show, change }: {
  draft: { choices: StyleChoice[] }; active: StyleChoice; styles: Style[]; photos: Photo[]; show: (key: string) => void; change: (choices: StyleChoice[], next?: string) => void;
}) {
  const style = styles.find((one) => one.id === active.style);
  if (!style) return null;
  const options = style.options.map((one) => (one.name in active.options ? { ...one, value: active.options[one.name] ?? null } : one));
  const put = (next: Record<string, Value>) => change(draft.choices.map((one) => (one.key === active.key ? { ...one, options: next } : one)));
  const groups = grouped(options);
  const variant = () => {
    const choice = newChoice(active.style, active.options);
    change([...draft.choices, choice], choice.key);
  };
  return (
    <div className={css.active}>
      {draft.choices.length > 1 && (
        <div className={css.tabs} role="group" aria-label={copy.picked}>
          {draft.choices.map((one) => (
            <span key={one.key} className={css.tab} data-on={one.key === active.key || undefined}>
              <button type="button" aria-pressed={one.key === active.key} onClick={() => show(one.key)}>{choiceName(one, draft.choices, styles)}</button>
              <button type="button" aria-label={copy.take(choiceName(one, draft.choices, styles))} onClick={() => change(draft.choices.filter((other) => other.key !== one.key))}>
                <IconX size={14} aria-hidden />
              </button>
            </span>
          ))}
        </div>
      )}
      <div className={css.develop}>
        <Preview style={style} choice={active} photos={photos} name={choiceName(active, draft.choices, styles)} />
        <div className={css.sliders}>
          {groups.map((group) => (
            <div key={group.name} className={css.set} role="group" aria-label={styleCopy.groups[group.name]}>
              <h3>{styleCopy.groups[group.name]}</h3>
              {group.options.map((one) => (
                <Option
                  key={one.name} option={one} moved={one.name in active.options} words={wordsOf(one, options)}
                  set={(value) => put(moved(active.options, style.options, one.name, value))} clear={() => put(without(active.options, one.name))}
                />
              ))}
            </div>
          ))}
        </div>
        <div className={css.variants}>
          {Object.keys(active.options).length > 0 && <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={15} aria-hidden />} onClick={() => put({})}>{copy.reset}</Button>}
          {draft.choices.length < MOST && <Button size="xs" variant="default" leftSection={<IconCopyPlus size={15} aria-hidden />} onClick={variant}>{copy.add}</Button>}
        </div>
      </div>
    </div>
  );
}

/** The style's name, with a number where the same style is chosen twice. */
export function choiceName(one: StyleChoice, choices: StyleChoice[], styles: Style[]): string {
  const name = styles.find((style) => style.id === one.style)?.name ?? batches.one.styleGone;
  const same = choices.filter((other) => other.style === one.style);
  return same.length > 1 ? `${name} ${same.indexOf(one) + 1}` : name;
}
