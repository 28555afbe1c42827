/** Errors in words for people. What the studio does about one is decided by its code. */
import { ApiError } from "~/api/client";
import { common } from "~/shared/copy/common";

/** title: what kind of error; words: what happened; remedy: what to do; reference: what to quote. */
export function explain(error: unknown): { title: string; words: string; remedy: string; reference: string } {
  if (error instanceof ApiError) {
    if (error.status === 0) {
      return { title: common.error.network, words: common.error.safe, remedy: common.error.networkRemedy, reference: "" };
    }
    if (error.status === 404) {
      return { title: common.error.notFound, words: common.error.notFoundWords, remedy: "", reference: "" };
    }
    const { detail, remedy, reference, subject } = error.problem;
    return { title: common.error.title, words: problemOf(detail, subject), remedy, reference };
  }
  return { title: common.error.title, words: "", remedy: "", reference: error instanceof Error ? error.message.slice(0, 80) : "" };
}

// The service puts the subject in front. Ids and names of fields mean nothing here.
function problemOf(words: string, subject: string): string {
  if (!subject || !words.startsWith(`${subject}: `)) return sentence(words);
  return /^[a-z]{3}_[0-9a-f]+$|^[a-z_]+$/.test(subject) ? sentence(words.slice(subject.length + 2)) : words;
}

export const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
