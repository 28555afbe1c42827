/** What can be moved on a style, by what it is about: the background, the shadow, the product. */
import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import type { Schemas } from "~/api/client";
import { styles as copy } from "~/shared/copy/styles";
import { say } from "~/shared/notify";
import type { Draft } from "./draft";
import { Option, type Words } from "./Option";
import css from "./editor.module.css";

type OptionView = Schemas["OptionView"];
type Group = keyof typeof copy.groups;
const GROUPS: Record<string, Group> = {
  color: "background", top: "background", bottom: "background", shape: "background", picture: "background", fit: "background", blur: "background",
  shadow: "shadow", softness: "shadow", size: "product", margin: "product", baseline: "product",
};

export function Options({ look, draft }: { look: Schemas["LookView"]; draft: Draft }) {
  const hasBack = draft.options.some((one) => GROUPS[one.name] === "background");
  // On a plain white one it is the shadow that is warmed, elsewhere the background.
  const groupOf = (one: OptionView): Group => (one.name === "warmth" ? (hasBack ? "background" : "shadow") : (GROUPS[one.name] ?? "other"));
  const groups = (Object.keys(copy.groups) as Group[])
    .map((name) => ({ name, options: draft.options.filter((one) => groupOf(one) === name && isOpen(one, draft)) }))
    .filter((group) => group.options.length > 0);
  const moved = Object.keys(draft.chosen).some((name) => name !== "picture");
  return (
    <aside className={css.panel} aria-label={copy.controls}>
      <p className="soft">{look.words}</p>
      {groups.map((group) => (
        <section key={group.name} className={css.set} aria-labelledby={`set-${group.name}`}>
          <h2 id={`set-${group.name}`}>{copy.groups[group.name]}</h2>
          {group.options.map((one) => (
            <Option
              key={one.name} option={one} moved={one.name in draft.chosen} words={wordsOf(one, draft)}
              set={(value) => draft.set(one.name, value)} clear={() => draft.clear(one.name)}
            />
          ))}
        </section>
      ))}
      <div className={css.resets}>
        <Button
          variant="default" fullWidth leftSection={<IconArrowBackUp size={16} aria-hidden />} disabled={!moved}
          onClick={() => {
            // A background picture is what the style is about, not a slider that was moved.
            draft.replace(draft.chosen.picture ? { picture: draft.chosen.picture } : {});
            say(copy.resetDone);
          }}
        >
          {copy.reset}
        </Button>
      </div>
    </aside>
  );
}

/** The colour beside a picture is for one that is shown whole. */
function isOpen(one: OptionView, draft: Draft): boolean {
  const fit = draft.options.find((other) => other.name === "fit");
  return !(fit && one.name === "color" && fit.value === "cover");
}

/** The same slider means another thing beside others. */
function wordsOf(one: OptionView, draft: Draft): Words {
  const value = (name: string) => draft.options.find((other) => other.name === name)?.value;
  if (one.name === "color" && value("picture") !== undefined) return copy.besidePicture;
  const round = value("shape") === "round" ? copy.round[one.name] : undefined;
  return round ?? copy.options[one.name] ?? { title: one.title, words: one.words ?? "" };
}
