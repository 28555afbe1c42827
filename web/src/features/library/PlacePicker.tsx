/** Chooses a collection, a season or a category, or creates one; the arrow keys work from the field. */
import { Modal, TextInput } from "@mantine/core";
import { IconArrowBarToUp, IconPlus, IconSearch } from "@tabler/icons-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Place } from "~/api/types";
import { library } from "~/shared/copy/library";
import { KindIcon, kinds } from "./kinds";
import { usePlaceActions } from "./placeActions";
import { pathOf, rowsOf } from "./tree";
import css from "./picker.module.css";

const copy = library.pick;
type Choice = { key: string; depth: number; sign: ReactNode; words: string; note?: string; choose: () => void };

export function PlacePicker({ title, places, hidden, top = false, here, canCreate = false, close, pick }: {
  title: string; places: Place[]; hidden?: ReadonlySet<string>; top?: boolean; here?: string; canCreate?: boolean;
  close: () => void; pick: (place: Place | null) => void;
}) {
  const [words, set] = useState("");
  const [at, setAt] = useState(0);
  const { make } = usePlaceActions();
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const filter = words.trim().toLowerCase();

  const choices: Choice[] = [];
  if (top && !filter) choices.push({ key: "top", depth: 0, sign: <IconArrowBarToUp size={17} stroke={1.6} aria-hidden />, words: library.places.top, choose: () => pick(null) });
  for (const kind of kinds) {
    for (const { place, depth } of rowsOf(places, () => true, (one) => one.kind === kind)) {
      if (hidden?.has(place.id) || (filter && !place.name.toLowerCase().includes(filter))) continue;
      const path = filter ? pathOf(places, place.id).slice(0, -1).map((one) => one.name).join(" / ") : "";
      choices.push({
        key: place.id, depth: filter ? 0 : depth, sign: <KindIcon kind={place.kind} />, words: place.name,
        note: place.id === here ? copy.here : path, choose: () => pick(place),
      });
    }
  }
  const isNew = canCreate && filter !== "" && !places.some((place) => place.name.toLowerCase() === filter);
  if (isNew) {
    choices.push({
      key: "new", depth: 0, sign: <IconPlus size={17} stroke={1.6} aria-hidden />, words: copy.make(words.trim()),
      choose: () => make.mutate({ kind: "collection", name: words.trim(), parent: null }, { onSuccess: (created) => pick(created) }),
    });
  }
  const active = Math.min(at, choices.length - 1);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const choose = (choice: Choice | undefined): void => {
    if (!choice) return;
    choice.choose();
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) (event.preventDefault(), setAt(Math.max(0, Math.min(choices.length - 1, active + step))));
    if (event.key === "Enter" && !event.nativeEvent.isComposing) (event.preventDefault(), choose(choices[active]));
  };
  return (
    <Modal opened onClose={close} title={title} size={460}>
      <TextInput
        mt={6} data-autofocus leftSection={<IconSearch size={16} aria-hidden />} placeholder={copy.filter} aria-label={copy.filter} value={words}
        onChange={(event) => (set(event.target.value), setAt(0))} onKeyDown={onKeyDown}
        role="combobox" aria-expanded="true" aria-controls={id} aria-activedescendant={choices[active] ? `${id}-${active}` : undefined} autoComplete="off"
      />
      <div id={id} ref={list} role="listbox" aria-label={title} className={css.list}>
        {choices.map((choice, place) => (
          <div
            key={choice.key} id={`${id}-${place}`} role="option" aria-selected={place === active} className={css.choice}
            style={{ paddingInlineStart: 10 + choice.depth * 18 }} onClick={() => choose(choice)} onMouseMove={() => setAt(place)}
          >
            {choice.sign}
            <span className="ellipsis">{choice.words}</span>
            {choice.note && <span className="soft small ellipsis">{choice.note}</span>}
          </div>
        ))}
      </div>
      {choices.length === 0 && <p className={css.none}>{filter ? copy.none : copy.empty}</p>}
    </Modal>
  );
}
