/** The options of a style by subject: background, shadow, product. */
import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import type { Style } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { notify } from "~/shared/notify";
import type { Draft } from "./draft";
import { grouped, wordsOf } from "./groups";
import { Option } from "./Option";
import css from "./editor.module.css";

export function Options({ style, draft }: { style: Style; draft: Draft }) {
  const groups = grouped(draft.options);
  const moved = Object.keys(draft.chosen).some((name) => name !== "picture");
  return (
    <aside className={css.panel} aria-label={copy.controls}>
      <p className="soft">{style.words}</p>
      {groups.map((group) => (
        <section key={group.name} className={css.set} aria-labelledby={`set-${group.name}`}>
          <h2 id={`set-${group.name}`}>{copy.groups[group.name]}</h2>
          {group.options.map((one) => (
            <Option
              key={one.name} option={one} moved={one.name in draft.chosen} words={wordsOf(one, draft.options)}
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
            notify(copy.resetDone);
          }}
        >
          {copy.reset}
        </Button>
      </div>
    </aside>
  );
}
