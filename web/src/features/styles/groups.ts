/** Options in groups, and their names there. */
import type { StyleOption } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";

export type Group = keyof typeof copy.groups;
export type Words = { title: string; words: string };
const GROUPS: Record<string, Group> = {
  color: "background", top: "background", bottom: "background", shape: "background", picture: "background", fit: "background", blur: "background",
  side: "light", height: "light", light: "light", shadow: "shadow", softness: "shadow", size: "product", margin: "product", baseline: "product", body: "product",
};

export function grouped(options: readonly StyleOption[]): { name: Group; options: StyleOption[] }[] {
  const has = (group: Group) => options.some((one) => GROUPS[one.name] === group);
  // In a rendered set it is the light that is warmed, before a plain white the shadow, elsewhere the background.
  const warms: Group = has("light") ? "light" : has("background") ? "background" : "shadow";
  const groupOf = (name: string): Group => (name === "warmth" ? warms : (GROUPS[name] ?? "other"));
  // The colour beside a picture is for one that is shown whole.
  const covers = options.some((one) => one.name === "fit" && one.value === "cover");
  return (Object.keys(copy.groups) as Group[])
    .map((name) => ({ name, options: options.filter((one) => groupOf(one.name) === name && !(one.name === "color" && covers)) }))
    .filter((group) => group.options.length > 0);
}

/** An option's name: the same slider means another thing beside others. */
export function wordsOf(one: StyleOption, options: readonly StyleOption[]): Words {
  const value = (name: string) => options.find((other) => other.name === name)?.value;
  if (one.name === "color" && value("picture") !== undefined) return copy.besidePicture;
  if (one.name === "color" && one.optional) return copy.brand;
  const round = value("shape") === "round" ? copy.round[one.name] : undefined;
  return round ?? copy.options[one.name] ?? { title: one.title, words: one.words ?? "" };
}
