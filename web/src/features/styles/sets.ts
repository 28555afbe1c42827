/** Pictures of the rendered sets, which `scripts/covers` makes: each set has one. */
const files = import.meta.glob<string>("./sets/*.webp", { eager: true, import: "default", query: "?url" });

export const pictureOf = (base: string): string | undefined => files[`./sets/${base}.webp`];
export const isRendered = (base: string): boolean => pictureOf(base) !== undefined;
