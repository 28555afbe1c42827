/** The work on an opened cut-out: its session, the draft of it in this browser, and whether another tab has it open. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { dropDraft, findDraft, storeDraft } from "./engine/draft";
import { open, type Open } from "./engine/open";
import { carried, type Parts, type State } from "./engine/session";
import type { Levels } from "./pixels";
import { hinted, type OpenedPhoto } from "./queries";

const DRAFT_MS = 500;
const AT_REST: State = { revision: 0, dirty: false, canUndo: false, canRedo: false, working: false, waiting: [], failure: null };

/** isDraft: it goes on from strokes that an earlier visit left. */
export type Work = Open & { etag: string; isDraft: boolean };

export function useWork(photo: string, now: OpenedPhoto, matte: Blob, pixels: Levels | null, say: Parts["say"]): { work: Work | null; error: unknown } {
  const client = useQueryClient();
  const [result, set] = useState<{ work: Work | null; error: unknown }>({ work: null, error: null });
  const latest = useRef({ pixels, say });
  latest.current = { pixels, say };
  const last = useRef<Open | null>(null);
  useEffect(() => {
    let current = true;
    let isDraft = false;
    const before = last.current; // on the cut-out that somebody has changed meanwhile
    const opening = open({
      size: now.size, matte, photo: () => latest.current.pixels, say: (what) => latest.current.say(what),
      ask: async (hints, signal) => {
        const query = hinted(photo, now.etag, hints);
        signal.addEventListener("abort", () => void client.cancelQueries({ queryKey: query.queryKey }), { once: true });
        return (await client.fetchQuery(query)).picture;
      },
      unsaved: async (base) => {
        if (before) return before.session.now().dirty ? carried(before.base, before.layer.data, base) : null;
        const draft = await findDraft(photo, now.etag, base.length);
        isDraft = draft !== null;
        return draft;
      },
    });
    opening.then((opened) => {
      if (!current) return opened.session.close();
      last.current = opened;
      set({ work: Object.assign(opened, { etag: now.etag, isDraft }), error: null });
    }, (error: unknown) => current && set({ work: null, error }));
    return () => {
      current = false;
      void opening.then(({ session }) => session.close(), () => undefined);
    };
  }, [client, photo, now, matte]);
  return result;
}

export function useSession(work: Work | null): State {
  return useSyncExternalStore(work?.session.subscribe ?? nothing, work?.session.now ?? atRest);
}
const nothing = () => () => undefined;
const atRest = () => AT_REST;

/** Keeps a draft after each step.  isStored: of all there is.  hasRoom: false where the browser stores none. */
export function useDraft(photo: string, work: Work | null, { revision, dirty, working }: State, enabled: boolean): { isStored: boolean; hasRoom: boolean; drop: () => Promise<void> } {
  const [stored, set] = useState({ revision: 0, hasRoom: true });
  const ended = useRef(false);
  useEffect(() => {
    if (!work || working || !enabled || revision === 0) return;
    const soon = setTimeout(() => {
      if (ended.current) return;
      const storing = dirty ? storeDraft(photo, work.etag, work.layer.data) : dropDraft(photo).then(() => true);
      void storing.then((hasRoom) => (set({ revision, hasRoom }), ended.current ? dropDraft(photo) : undefined));
    }, DRAFT_MS);
    return () => clearTimeout(soon);
  }, [photo, work, revision, dirty, working, enabled]);
  return { isStored: stored.hasRoom && stored.revision === revision, hasRoom: stored.hasRoom, drop: () => ((ended.current = true), dropDraft(photo)) };
}

/** Whether another tab of this browser works on the same cut-out. */
export function useElsewhere(photo: string): boolean {
  const [elsewhere, set] = useState(false);
  useEffect(() => {
    if (!("locks" in navigator)) return; // over plain HTTP, except on this machine
    const leaving = new AbortController();
    const left = new Promise<void>((done) => leaving.signal.addEventListener("abort", () => done()));
    const name = `packshot-cutout-${photo}`;
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock) return left;
      if (leaving.signal.aborted) return;
      set(true);
      // Once the other tab is closed, this one has it.
      navigator.locks.request(name, { signal: leaving.signal }, () => (set(false), left)).catch(() => undefined);
    });
    return () => leaving.abort();
  }, [photo]);
  return elsewhere;
}
