/** One entry of the upload list: a photo, a ZIP or a list that a job works through, or a member of one. */
import type { Finding } from "~/api/types";

export type State =
  | "queued" | "sending" | "checking" // on its way
  | "unpacking" // a job works through it
  | "waiting" // a list whose photos have not been added yet
  | "done" | "failed"
  | "lost"; // not sent before the page was closed, and the browser had no room to store it

export type EntryPhoto = { id: string; product: string | null; role: string; thumb: string; width: number; height: number };
/** code: the service's; empty where the browser found it. again: whether the same file may be sent once more. */
export type Wrong = { code: string; words: string; remedy: string; reference: string; again: boolean };
export type Listed = { title: string; gtin: string; asin: string };

export type Entry = {
  id: string;
  order: number;
  /** Whose it is: the tab that sends it, and the person in the workspace. */
  tab: string;
  who: string;
  kind: "photo" | "zip" | "list" | "addresses" | "member";
  /** Where it was: “shoot/MUG-GREEN/back.jpg”. */
  path: string;
  bytes: number;
  modified: number;
  sku: string;
  role: string;
  listed: Listed | null;
  /** Where the SKU came from, if not from where the others' did. */
  note: "" | "listed" | "unlisted" | "plans";
  /** How a list or the names in a ZIP were read, where a person should look at it. */
  said?: string;
  collection: string | null;
  state: State;
  /** Part of the idempotency key: another one each time that a person says “try again”. */
  tries: number;
  photo: EntryPhoto | null;
  findings: Finding[];
  wrong: Wrong | null;
  job: { id: string; done: number; total: number } | null;
  /** Of a list: rows that name a photo, and those whose photo is in the upload list. */
  rows: { all: number; here: number; missing: string[] } | null;
  parent: string | null;
  /** The file is in the browser's database, so it survives a reload. */
  stored: boolean;
  /** A batch was made from it: it leaves the list when the next photos are added. */
  used: boolean;
};

export type Group = "ready" | "look" | "bad" | "open" | "none";

export const hasWarnings = (entry: Entry): boolean => entry.findings.some((one) => one.verdict === "warn" || one.verdict === "fail");

/** The group it is counted in. A ZIP and a list count by their members, unless they failed themselves. */
export function groupOf(entry: Entry): Group {
  if (entry.state === "failed" || entry.state === "lost") return "bad";
  const isContainer = entry.kind === "zip" || entry.kind === "list" || entry.kind === "addresses";
  if (entry.state !== "done") return entry.kind === "list" ? "none" : "open";
  return isContainer ? "none" : hasWarnings(entry) ? "look" : "ready";
}

export const isMoving = (entry: Entry): boolean => entry.state === "sending" || entry.state === "checking";
export const nameOf = (entry: { path: string }): string => entry.path.split("/").at(-1) ?? entry.path;
export const folderOf = (entry: { path: string }): string => entry.path.split("/").slice(0, -1).join("/");
