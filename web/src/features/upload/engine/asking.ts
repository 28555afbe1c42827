/** What only a person can say while files are added: what the columns of a list mean. One list at a time. */
import { useSyncExternalStore } from "react";
import type { List } from "../model/lists";

export type Columns = Record<string, string>;
/** answer: column → field, empty to leave it out; null calls off what was being added. wrong: what the service said to the last answer. */
export type Question = { list: List; wrong: string; answer: (columns: Columns | null) => void };

let question: Question | null = null;
const watchers = new Set<() => void>();

function put(next: Question | null): void {
  question = next;
  for (const changed of watchers) changed();
}

export function askColumns(list: List, wrong = ""): Promise<Columns | null> {
  return new Promise((resolve) => put({ list, wrong, answer: (columns) => (put(null), resolve(columns)) }));
}

export const useQuestion = (): Question | null =>
  useSyncExternalStore((changed) => (watchers.add(changed), () => watchers.delete(changed)), () => question);
export const openQuestion = (): Question | null => question;
