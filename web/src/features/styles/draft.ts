/** A style while it is edited: the options it sets on its base. Drafts stay while the studio is open, across screens. */
import { useCallback, useState } from "react";
import type { Style, StyleOption } from "~/api/types";
import type { Chosen, Value } from "./previews";

const drafts = new Map<string, Chosen>();

export type Draft = {
  chosen: Chosen;
  dirty: boolean;
  options: StyleOption[];
  set: (name: string, value: Value) => void;
  clear: (name: string) => void;
  replace: (chosen: Chosen) => void;
};

/** `base`: the shipped template that the style was made from, whose values are the defaults. */
export function useDraft(style: Style, base: Style): Draft {
  const saved = style.chosen as Chosen;
  const [chosen, setChosen] = useState<Chosen>(() => drafts.get(style.id) ?? saved);
  const replace = useCallback((next: Chosen) => {
    drafts.set(style.id, next);
    setChosen(next);
  }, [style.id]);
  const options = base.options.map((one) => (one.name in chosen ? { ...one, value: chosen[one.name] ?? null } : one));
  return {
    chosen, options, replace,
    dirty: !same(chosen, saved),
    set: (name, value) => replace(moved(chosen, base.options, name, value)),
    clear: (name) => replace(without(chosen, name)),
  };
}

/** Sets one option over the base's defaults. Unset where the default is unset too, it is not stored. */
export function moved(chosen: Chosen, defaults: readonly Pick<StyleOption, "name" | "value">[], name: string, value: Value): Chosen {
  const isUnset = (one: Value | undefined) => one === null || one === "";
  const back = isUnset(value) && isUnset(defaults.find((one) => one.name === name)?.value);
  return back ? without(chosen, name) : { ...chosen, [name]: value };
}

export const without = (chosen: Chosen, name: string): Chosen => Object.fromEntries(Object.entries(chosen).filter(([one]) => one !== name));

export function forget(id: string): void {
  drafts.delete(id);
}

function same(one: Chosen, other: Chosen): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => name in one && name in other && one[name] === other[name]);
}
