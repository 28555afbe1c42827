/** What is wrong with an entry, without what its row says already: the file's name in front, the remedy behind. */
import { ApiError } from "~/api/client";
import type { Finding, ProblemDetails } from "~/api/types";
import { upload as copy } from "~/shared/copy/upload";
import { sentence } from "~/shared/errors";
import type { Wrong } from "./entry";

/** Codes that the same file gets each time. */
const FINAL = new Set(["unsupported_format", "damaged_file", "too_large", "unsafe_input", "bad_option", "bad_request"]);

/** Found by the browser itself, not said by the service. */
export const localWrong = (words: { words: string; remedy: string }, again = false): Wrong => ({ ...words, code: "", reference: "", again });

export function wrongOf(error: unknown): Wrong {
  if (!(error instanceof ApiError)) return { ...localWrong(copy.wrong.unknown, true), reference: error instanceof Error ? error.message.slice(0, 80) : "" };
  if (error.status === 0) return localWrong(copy.wrong.broken, true);
  return { ...plain(error.problem), again: !FINAL.has(error.code) };
}

type Said = Pick<ProblemDetails, "detail" | "code" | "remedy"> & Partial<Pick<ProblemDetails, "subject" | "reference">>;

export function plain({ detail, code, remedy, subject, reference = "" }: Said): Omit<Wrong, "again"> {
  let words = detail;
  if (subject && words.startsWith(`${subject}: `)) words = words.slice(subject.length + 2);
  if (remedy && words.endsWith(remedy)) words = words.slice(0, -remedy.length).trim();
  if (code === "bad_request") words = words.replace(/^[a-z_.]+: /, ""); // the field's name
  words = words.replace(/ \(.*\)(?=\.?$)/, code === "damaged_file" ? "" : "$&"); // a decoder's message helps nobody here
  return { code, words: sentence(words) || copy.wrong.unknown.words, remedy, reference };
}

/** Findings without ids, which mean nothing to the person who reads them. */
export const withoutIds = (findings: readonly Finding[]): Finding[] =>
  findings.map((one) => ({ ...one, words: one.words.replace(/\s*\((?:img|prd)_\w+\)/g, "") }));
