/** Step 2: one or more looks, each with its sliders, seen on the chosen photos. */
import { Button } from "@mantine/core";
import { IconArrowBackUp, IconCopyPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { templates } from "~/api/queries";
import type { Photo, Style } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { styles as styleCopy } from "~/shared/copy/styles";
import { Failed, TilesWaiting } from "~/shared/ui/states";
import { moved, without } from "~/features/styles/draft";
import { grouped, wordsOf } from "~/features/styles/groups";
import { Option } from "~/features/styles/Option";
import { look as newLook, type Look, type Value } from "./draft";
import css from "./fresh.module.css";
import { LookCard } from "./LookCard";
import { Preview } from "./Preview";
import type { StepProps } from "./Products";

const copy = batches.fresh.style;
const MOST = 20;

export function StyleStep({ draft, change, photos }: StepProps & { photos: Photo[] }) {
  const styles = useQuery(templates());
  const [open, show] = useState("");
  if (styles.isPending) return <TilesWaiting count={5} size={150} />;
  if (styles.isError) return <Failed error={styles.error} retry={() => void styles.refetch()} />;
  const all = styles.data;
  const active = draft.looks.find((one) => one.key === open) ?? draft.looks.at(-1);
  const toggle = (style: Style) => {
    if (draft.looks.some((one) => one.template === style.id)) return change({ looks: draft.looks.filter((one) => one.template !== style.id) });
    if (draft.looks.length >= MOST) return;
    const made = newLook(style.id);
    change({ looks: [...draft.looks, made] });
    show(made.key);
  };
  const ordered = [...all.filter((style) => !style.shipped), ...all.filter((style) => style.shipped)];
  return (
    <>
      <div className={css.looks} role="group" aria-label={copy.all}>
        {ordered.map((style) => (
          <LookCard key={style.id} style={style} photo={photos[0]} on={draft.looks.some((one) => one.template === style.id)} toggle={() => toggle(style)} />
        ))}
      </div>
      {active && (
        <Active
          key={active.key} draft={draft} active={active} styles={all} photos={photos} show={show}
          change={(looks, next) => {
            change({ looks });
            if (next) show(next);
          }}
        />
      )}
    </>
  );
}

function Active({ draft, active, styles, photos, show, change }: {
  draft: { looks: Look[] }; active: Look; styles: Style[]; photos: Photo[]; show: (key: string) => void; change: (looks: Look[], next?: string) => void;
}) {
  const style = styles.find((one) => one.id === active.template);
  if (!style) return null;
  const options = style.options.map((one) => (one.name in active.options ? { ...one, value: active.options[one.name] ?? null } : one));
  const put = (next: Record<string, Value>) => change(draft.looks.map((one) => (one.key === active.key ? { ...one, options: next } : one)));
  const groups = grouped(options);
  const variant = () => {
    const made = newLook(active.template, active.options);
    change([...draft.looks, made], made.key);
  };
  return (
    <div className={css.active}>
      {draft.looks.length > 1 && (
        <div className={css.tabs} role="group" aria-label={copy.picked}>
          {draft.looks.map((one) => (
            <span key={one.key} className={css.tab} data-on={one.key === active.key || undefined}>
              <button type="button" aria-pressed={one.key === active.key} onClick={() => show(one.key)}>{lookName(one, draft.looks, styles)}</button>
              <button type="button" aria-label={copy.take(lookName(one, draft.looks, styles))} onClick={() => change(draft.looks.filter((other) => other.key !== one.key))}>
                <IconX size={14} aria-hidden />
              </button>
            </span>
          ))}
        </div>
      )}
      <div className={css.develop}>
        <Preview style={style} look={active} photos={photos} name={lookName(active, draft.looks, styles)} />
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
          {draft.looks.length < MOST && <Button size="xs" variant="default" leftSection={<IconCopyPlus size={15} aria-hidden />} onClick={variant}>{copy.add}</Button>}
        </div>
      </div>
    </div>
  );
}

/** Its style's name, with a number where the same style is there twice. */
export function lookName(one: Look, looks: Look[], styles: Style[]): string {
  const name = styles.find((style) => style.id === one.template)?.name ?? batches.one.lookGone;
  const same = looks.filter((other) => other.template === one.template);
  return same.length > 1 ? `${name} ${same.indexOf(one) + 1}` : name;
}
