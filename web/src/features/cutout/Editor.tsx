/** "Correct the cut-out": a person points out what is missing or too much, sees the answer, and keeps it. */
import { Button, Group, Loader, Modal } from "@mantine/core";
import { IconAlertTriangle, IconScissors } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import { sayWithUndo } from "~/features/library/undo";
import { common } from "~/shared/copy/common";
import { cutout as copy } from "~/shared/copy/cutout";
import { useKeys } from "~/shared/keys";
import { say, sayFailed } from "~/shared/notify";
import { KeyCap } from "~/shared/ui/KeyCap";
import { Empty, Failed, told, Waiting } from "~/shared/ui/states";
import { Side } from "./Side";
import { Stage } from "./Stage";
import { begun, changed, drawn, isRoom, MOST, moved, placed, redone, undone, without, type History, type Tool } from "./hints";
import { usePhoto, useMatte, isSame } from "./pixels";
import { cut, hinted, madeOf, opened, refresh, revert, save, type Matte, type Opened } from "./service";
import type { Box, Point } from "./view";
import css from "./cutout.module.css";

const SLOW_MS = 4_000;

export default function Editor({ photo, name, close }: { photo: string; name: string; close: () => void }) {
  const client = useQueryClient();
  const found = useQuery(opened(photo));
  const cutting = useMutation({ mutationFn: () => cut(photo), onSuccess: () => (refresh(client, photo), found.refetch()), onError: sayFailed });
  const { data } = found;
  useKeys({ escape: close }, { enabled: !data?.matte, inDialog: true });
  return (
    <Modal.Root opened onClose={close} fullScreen closeOnEscape={false} transitionProps={{ duration: 0 }} classNames={{ content: css.dialog }}>
      <Modal.Content>
        {data?.matte ? <Open photo={photo} name={name} now={data} matte={data.matte} again={() => void found.refetch()} close={close} /> : (
          <>
            <Top name={name}><Button variant="default" onClick={close} data-autofocus>{common.close}</Button></Top>
            {found.isError ? <Failed error={found.error} retry={() => void found.refetch()} />
              : data ? <Empty icon={<IconScissors size={28} stroke={1.5} />} title={copy.uncut.title} words={copy.uncut.words}><Button loading={cutting.isPending} onClick={() => cutting.mutate()}>{copy.uncut.deed}</Button></Empty>
              : <Waiting><div className={css.opening}><Loader size="sm" /><span className="soft">{common.loading}</span></div></Waiting>}
          </>
        )}
      </Modal.Content>
    </Modal.Root>
  );
}

const Top = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <div className={css.top}><Modal.Title className={css.title}>{copy.title}</Modal.Title><span className="soft ellipsis">{name}</span><span style={{ flex: 1 }} />{children}</div>
);

function Open({ photo, name, now, matte, again, close }: { photo: string; name: string; now: Opened; matte: Matte; again: () => void; close: () => void }) {
  const client = useQueryClient();
  const pane = useRef<HTMLDivElement>(null);
  const [history, set] = useState<History>(begun);
  const [tool, setTool] = useState<Tool>("keep");
  const [chosen, choose] = useState<number | null>(null);
  const [before, setBefore] = useState(false);
  const [leaving, ask] = useState(false);
  const [said, tell] = useState({ words: "", seen: false });
  const hints = history.now;
  const dirty = hints.length > 0;
  const inform = (words: string, seen = false): void => tell({ words, seen });

  const { answer, shown, busy } = useAnswer(photo, now.seen, matte, hints);
  const slow = useLate(busy, SLOW_MS);
  const pixels = usePhoto(now.source, now.thumb);
  const drawnBefore = useMatte(matte.picture);
  const drawnNow = useMatte(shown.picture);
  useNews(shown.picture, matte.picture, (same) => inform(same ? copy.same : copy.answered, same));

  const step = (next: History, words: string, seen = false): void => {
    set(next);
    setBefore(false);
    inform(words, seen);
  };
  const add = (kind: Tool, next: () => History, words: string): void =>
    isRoom(hints, kind) ? step(next(), words) : inform(copy.said.full(MOST[kind]), true);
  const focus = (): void => pane.current?.focus({ preventScroll: true });
  useEffect(focus, []);
  const deeds = {
    say: inform, choose,
    place: (at: Point) => tool !== "box" && add(tool, () => placed(history, tool, at), copy.said.placed(copy.tools[tool].name, copy.hints.at(...at))),
    draw: (box: Box) => add("box", () => drawn(history, box), copy.said.box),
    move: (id: number, to: Point) => step(changed(history, moved(hints, id, to)), copy.hints.at(...to)),
    remove: (id: number) => (step(changed(history, without(hints, id)), copy.said.removed), choose(null), focus()),
    clear: () => (step(changed(history, []), copy.said.cleared), choose(null), focus()),
    undo: () => history.past.length > 0 && (step(undone(history), copy.said.undone), choose(null)),
    redo: () => history.future.length > 0 && (step(redone(history), copy.said.redone), choose(null)),
  };
  const use = (next: Tool): void => {
    setTool(next);
    focus();
  };

  const saving = useMutation({
    mutationFn: () => save(photo, now.seen, hints),
    onSuccess: (version) => {
      const open = client.getQueryData(madeOf(photo).queryKey)?.open ?? 0;
      refresh(client, photo);
      if (version === now.version) say(copy.unchanged);
      else sayWithUndo(copy.saved(version, open), () => void back(version, now.version));
      close();
    },
    onError: (error) => !isStale(error) && sayFailed(error),
  });
  const back = (from: number, version: number) => revert(photo, from, version).then(() => (refresh(client, photo), say(copy.reverted(version))), sayFailed);
  const canSave = dirty && !busy && answer?.error === null && !saving.isPending; // nobody keeps what he has not seen
  const keep = (): void => {
    if (canSave) saving.mutate();
  };
  const leave = (): void => (dirty ? ask(true) : close());
  useBlocker({ shouldBlockFn: () => (ask(true), true), enableBeforeUnload: () => dirty, disabled: !dirty || saving.isSuccess });

  const enabled = !leaving && !saving.isPending;
  useKeys({
    k: () => use("keep"), r: () => use("remove"), b: () => use("box"),
    "mod+z": deeds.undo, "mod+shift+z": deeds.redo, "mod+y": deeds.redo, "mod+s": keep,
    delete: () => chosen !== null && deeds.remove(chosen), backspace: () => chosen !== null && deeds.remove(chosen),
    escape: () => (chosen !== null ? choose(null) : leave()),
  }, { enabled, inDialog: true });
  useKeys({ escape: () => ask(false) }, { enabled: leaving, inDialog: true });

  const stale = isStale(saving.error) || isStale(answer?.error);
  return (
    // A click on a button does not take the focus from the photo: arrows and the space bar stay its own.
    <div className={css.editor} onMouseDown={(event) => event.target instanceof Element && event.target.closest("button, label") && event.preventDefault()}>
      <Top name={name}>
        <Button variant="default" disabled={saving.isPending} onClick={leave}>{common.cancel}</Button>
        <Button loading={saving.isPending} disabled={!canSave && !saving.isPending} rightSection={<><KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>S</KeyCap></>} onClick={keep}>{copy.save}</Button>
      </Top>
      <Stage
        name={name} size={now.size} photo={pixels} matte={before ? drawnBefore : drawnNow} hints={hints} tool={tool} chosen={chosen} deeds={deeds} pane={pane}
        before={before} flip={() => dirty && setBefore(!before)} enabled={enabled}
      >
        {stale ? (
          <p className={css.wrong} role="alert"><IconAlertTriangle size={17} aria-hidden /><span>{copy.changed.words} {copy.changed.help}</span><Button size="compact-sm" variant="default" onClick={() => (saving.reset(), again())}>{copy.changed.deed}</Button></p>
        ) : answer?.error ? (
          <p className={css.wrong} role="alert"><IconAlertTriangle size={17} aria-hidden /><span>{copy.failed} {wordsOf(answer.error)}</span><Button size="compact-sm" variant="default" onClick={answer.retry}>{common.retry}</Button></p>
        ) : busy ? <p><Loader size={15} color="gray" aria-hidden />{slow ? copy.slow : copy.busy}</p>
        : said.seen ? <p>{said.words}</p>
        : now.source === "" && !dirty ? <p className="soft small">{copy.preview}</p> : undefined}
      </Stage>
      <p className="visually-hidden" role="status">{busy && slow ? copy.slow : said.words || (busy ? copy.busy : "")}</p>
      <Side photo={photo} tool={tool} use={use} history={history} chosen={chosen} choose={choose} deeds={deeds} findings={shown.findings} />
      <Modal opened={leaving} onClose={() => ask(false)} title={copy.leave.title} size={440} closeOnEscape={false}>
        <p className="soft">{copy.leave.words(hints.length)}</p>
        <Group justify="flex-end" mt="xl">
          <Button variant="default" onClick={() => ask(false)} data-autofocus>{copy.leave.stay}</Button>
          <Button color="no" onClick={close}>{copy.leave.deed}</Button>
        </Group>
      </Modal>
    </div>
  );
}

const isStale = (error: unknown): boolean => error instanceof ApiError && (error.status === 412 || error.code === "out_of_date");
function wordsOf(error: unknown): string {
  const { title, words, remedy } = told(error);
  return [title === common.error.title ? words || title : title, remedy].filter(Boolean).join(" ");
}

/** What the service makes of the hints. The last answer is shown until the next is there; without hints, the cut-out as it is. */
function useAnswer(photo: string, seen: string, present: Matte, hints: History["now"]) {
  const asking = useQuery({ ...hinted(photo, seen, hints), enabled: hints.length > 0 });
  const settled = hints.length === 0 ? present : asking.data;
  const last = useRef(present);
  if (settled) last.current = settled;
  const error = hints.length > 0 && asking.isError ? asking.error : null;
  return {
    shown: settled ?? last.current, busy: hints.length > 0 && asking.isFetching,
    answer: settled || error ? { error, retry: () => void asking.refetch() } : undefined,
  };
}

/** Whether something has gone on for so long. */
function useLate(busy: boolean, ms: number): boolean {
  const [late, set] = useState(false);
  useEffect(() => {
    if (!busy) return;
    const soon = setTimeout(() => set(true), ms);
    return () => (clearTimeout(soon), set(false));
  }, [busy, ms]);
  return late;
}

/** Tells of each new answer whether it is the same picture as the one before. */
function useNews(shown: Blob, present: Blob, tell: (same: boolean) => void): void {
  const before = useRef(shown);
  const latest = useRef(tell);
  latest.current = tell;
  useEffect(() => {
    const was = before.current;
    before.current = shown;
    if (was === shown || shown === present) return;
    let wanted = true;
    void isSame(was, shown).then((same) => wanted && latest.current(same));
    return () => void (wanted = false);
  }, [shown, present]);
}
