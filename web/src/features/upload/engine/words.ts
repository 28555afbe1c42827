/** What the service says, without what the row says already: the file's name in front, the remedy behind. */
import { ApiError } from "~/api/client";
import type { Finding, ProblemDetails } from "~/api/types";
import { upload as copy } from "~/shared/copy/upload";
import { sentence } from "~/shared/ui/states";
import type { Wrong } from "./entry";

/** What is wrong without the service having said so. */
export const local = (told: { words: string; remedy: string }, again = false): Wrong => ({ ...told, code: "", reference: "", again });

/** These say the same of the same file each time. */
const FOR_GOOD = new Set(["unsupported_format", "damaged_file", "too_large", "unsafe_input", "bad_option", "bad_request"]);

type Told = Pick<ProblemDetails, "detail" | "code" | "remedy"> & Partial<Pick<ProblemDetails, "subject" | "reference">>;

export function wrongOf(error: unknown): Wrong {
  if (!(error instanceof ApiError)) return { ...local(copy.wrong.unknown, true), reference: error instanceof Error ? error.message.slice(0, 80) : "" };
  if (error.status === 0) return local(copy.wrong.broken, true);
  return { ...plain(error.problem), again: !FOR_GOOD.has(error.code) };
}

export function plain(told: Told): Omit<Wrong, "again"> {
  let words = told.detail;
  if (told.subject && words.startsWith(`${told.subject}: `)) words = words.slice(told.subject.length + 2);
  if (told.remedy && words.endsWith(told.remedy)) words = words.slice(0, -told.remedy.length).trim();
  if (told.code === "bad_request") words = words.replace(/^[a-z_.]+: /, ""); // the field's name
  words = words.replace(/ \(.*\)(?=\.?$)/, told.code === "damaged_file" ? "" : "$&"); // a decoder's own words help nobody here
  return { code: told.code, words: sentence(words) || copy.wrong.unknown.words, remedy: told.remedy, reference: told.reference ?? "" };
}

/** Ids mean nothing to the person who reads this. */
export const cleaned = (findings: readonly Finding[]): Finding[] =>
  findings.map((one) => ({ ...one, words: one.words.replace(/\s*\((?:img|prd)_\w+\)/g, "") }));
