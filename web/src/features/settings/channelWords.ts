/** A channel's rules as sentences, and what a file of it would be called. */
import type { Channel } from "~/api/types";
import { settings } from "~/shared/copy/settings";

export type Rule = Channel["rules"]["hard"][number];
export type Format = Channel["format"];
const words = settings.channels.rules;

export const FORMATS = ["jpeg", "png", "webp", "avif", "tiff"] as const satisfies readonly Format[];
export const RULES = ["format", "side", "bytes", "white", "fill", "cut", "resolution", "disclosure", "safety", "unchanged"] as const satisfies readonly Rule[];
export const isLossy = (format: Format): boolean => format !== "png" && format !== "tiff";
const SUFFIX: Record<Format, string> = { jpeg: ".jpg", png: ".png", webp: ".webp", avif: ".avif", tiff: ".tif" };
const ANY_SIDE = 65_535;

/** Hard rules, and rules that only warn. What the channel does not require is left out. */
export function rulesOf({ rules }: Channel): { must: string[]; warns: string[] } {
  const sentences: Record<Rule, string> = {
    format: words.format(rules.formats.map((one) => settings.channels.formats[one])),
    side: rules.min_side_px > 1 || rules.max_side_px < ANY_SIDE ? words.side(rules.min_side_px, rules.max_side_px) : "",
    bytes: rules.max_bytes ? words.bytes(rules.max_bytes) : "",
    white: rules.white ? words.white : "",
    fill: rules.fill[0] > 0 || rules.fill[1] < 1 ? words.fill(rules.fill[0], rules.fill[1]) : "",
    cut: words.cut,
    resolution: rules.product_px > 1 ? words.resolution(rules.product_px) : "",
    disclosure: rules.disclosure ? words.disclosure : "",
    safety: words.safety,
    unchanged: words.unchanged,
  };
  const applying = RULES.filter((one) => sentences[one]);
  return { must: applying.filter((one) => rules.hard.includes(one)).map((one) => sentences[one]), warns: applying.filter((one) => !rules.hard.includes(one)).map((one) => sentences[one]) };
}

export const NAME_WORDS = ["sku", "gtin", "asin", "role", "amazon_role", "name", "title", "channel"] as const;

/** As the service checks it: only known words, and one of those that tell products apart. */
export function isPattern(pattern: string): boolean {
  const rest = NAME_WORDS.reduce((left, word) => left.replaceAll(`{${word}}`, ""), pattern);
  return !/[{}]/.test(rest) && /\{(sku|gtin|asin|name)\}/.test(pattern);
}

const SAMPLE: Record<(typeof NAME_WORDS)[number], string> = {
  sku: "MUG-201", gtin: "4006381333931", asin: "B0CX23V2ZK", role: "main", amazon_role: "MAIN", name: "IMG_0417", title: "Stoneware mug", channel: "",
};

export function exampleOf(channel: Pick<Channel, "name_pattern" | "format" | "id">): string {
  const filled = NAME_WORDS.reduce((left, word) => left.replaceAll(`{${word}}`, word === "channel" ? channel.id : SAMPLE[word]), channel.name_pattern);
  const safe = filled.normalize("NFC").replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/\.{2,}/g, ".").replace(/-{2,}/g, "-").replace(/^[-. ]+|[-. ]+$/g, "");
  return `${safe || "photo"}${SUFFIX[channel.format]}`;
}

export const shortName = (name: string): string =>
  name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40);
