/** "Correct the cut-out": a person points out what is missing or too much, sees the answer, and saves it. */
import { Button, Group, Loader, Modal } from "@mantine/core";
import { IconAlertTriangle, IconScissors } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import { notifyWithUndo } from "~/features/library/undo";
import { common } from "~/shared/copy/common";
import { cutout as copy } from "~/shared/copy/cutout";
import { explain } from "~/shared/errors";
import { useKeys } from "~/shared/keys";
import { notify, notifyError } from "~/shared/notify";
import { KeyCap } from "~/shared/ui/KeyCap";
import { useQueued } from "~/shared/turns";
import { Empty, Failed, Waiting } from "~/shared/ui/states";
import { Side } from "./Side";
import { Stage } from "./Stage";
import { EMPTY, changed, withBox, isRoom, MOST, moved, withPoint, redone, undone, without, type History, type Tool } from "./hints";
import { usePhoto, useMatte, isSame } from "./pixels";
import { cut, hinted, itemCounts, opened, refresh, revert, save, type Matte, type OpenedPhoto } from "./queries";
import type { Box, Point } from "./view";
import css from "./cutout.module.css";

const SLOW_MS = 4_000;

export default function Editor({ photo, name, close }: { photo: string; name: string; close: () => void }) {
  const client = useQueryClient();
  const query = useQuery(opened(photo));
  const cutting = useMutation({ mutationFn: () => cut(photo), onSuccess: () => (refresh(client, photo), query.refetch()), onError: notifyError });
  const { data } = query;
  useKeys({ escape: close }, { enabled: !data?.matte, inDialog: true });
  return (
    <Modal.Root opened onClose={close} fullScreen closeOnEscape={false} transitionProps={{ duration: 0 }} classNames={{ content: css.dialog }}>
      <Modal.Content>
        {data?.matte ? <OpenEditor photo={photo} name={name} now={data} matte={data.matte} reload={() => void query.refetch()} close={close} /> : (
          <>
            <Top name={name}><Button variant="default" onClick={close} data-autofocus>{common.close}</Button></Top>
            {query.isError ? <Failed error={query.error} retry={() => void query.refetch()} />
              : data ? <Empty icon={<IconScissors size={28} stroke={1.5} />} title={copy.uncut.title} words={copy.uncut.words}><Button loading={cutting.isPending} onClick={() => cutting.mutate()}>{copy.uncut.action}</Button></Empty>
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

function OpenEditor({ photo, name, now, matte, reload, close }: { photo: string; name: string; now: OpenedPhoto; matte: Matte; reload: () => void; close: () => void }) {
  const client = useQueryClient();
  const pane = useRef<HTMLDivElement>(null);
  const [history, set] = useState<History>(EMPTY);
  const [tool, setTool] = useState<Tool>("keep");
  const [chosen, choose] = useState<number | null>(null);
  const [before, setBefore] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const [message, setMessage] = useState({ words: "", visible: false });
  const hints = history.now;
  const dirty = hints.length > 0;
  const say = (words: string, visible = false): void => setMessage({ words, visible });

  const { answer, shown, busy, queued } = useAnswer(photo, now.etag, matte, hints);
  const slow = useLongerThan(busy, SLOW_MS);
  const busyWords = !slow ? copy.busy : queued ? copy.queued : copy.slow;
  const pixels = usePhoto(now.source, now.thumb);
  const matteBefore = useMatte(matte.picture);
  const matteNow = useMatte(shown.picture);
  useAnswerNews(shown.picture, matte.picture, (same) => say(same ? copy.same : copy.answered, same));

  const step = (next: History, words: string, visible = false): void => {
    set(next);
    setBefore(false);
    say(words, visible);
  };
  const add = (kind: Tool, next: () => History, words: string): void =>
    isRoom(hints, kind) ? step(next(), words) : say(copy.announcements.full(MOST[kind]), true);
  const focus = (): void => pane.current?.focus({ preventScroll: true });
  useEffect(focus, []);
  const actions = {
    say, choose,
    place: (at: Point) => tool !== "box" && add(tool, () => withPoint(history, tool, at), copy.announcements.placed(copy.tools[tool].name, copy.hints.at(...at))),
    draw: (box: Box) => add("box", () => withBox(history, box), copy.announcements.box),
    move: (id: number, to: Point) => step(changed(history, moved(hints, id, to)), copy.hints.at(...to)),
    remove: (id: number) => (step(changed(history, without(hints, id)), copy.announcements.removed), choose(null), focus()),
    clear: () => (step(changed(history, []), copy.announcements.cleared), choose(null), focus()),
    undo: () => history.past.length > 0 && (step(undone(history), copy.announcements.undone), choose(null)),
    redo: () => history.future.length > 0 && (step(redone(history), copy.announcements.redone), choose(null)),
  };
  const chooseTool = (next: Tool): void => {
    setTool(next);
    focus();
  };

  const saving = useMutation({
    mutationFn: () => save(photo, now.etag, hints),
    onSuccess: (version) => {
      const open = client.getQueryData(itemCounts(photo).queryKey)?.open ?? 0;
      refresh(client, photo);
      if (version === now.version) notify(copy.unchanged);
      else notifyWithUndo(copy.saved(version, open), () => void back(version, now.version));
      close();
    },
    onError: (error) => !isStale(error) && notifyError(error),
  });
  const back = (from: number, version: number) => revert(photo, from, version).then(() => (refresh(client, photo), notify(copy.reverted(version))), notifyError);
  const canSave = dirty && !busy && answer?.error === null && !saving.isPending; // nobody saves what he has not seen
  const trySave = (): void => {
    if (canSave) saving.mutate();
  };
  const leave = (): void => (dirty ? setLeaving(true) : close());
  useBlocker({ shouldBlockFn: () => (setLeaving(true), true), enableBeforeUnload: () => dirty, disabled: !dirty || saving.isSuccess });

  const enabled = !leaving && !saving.isPending;
  useKeys({
    k: () => chooseTool("keep"), r: () => chooseTool("remove"), b: () => chooseTool("box"),
    "mod+z": actions.undo, "mod+shift+z": actions.redo, "mod+y": actions.redo, "mod+s": trySave,
    delete: () => chosen !== null && actions.remove(chosen), backspace: () => chosen !== null && actions.remove(chosen),
    escape: () => (chosen !== null ? choose(null) : leave()),
  }, { enabled, inDialog: true });
  useKeys({ escape: () => setLeaving(false) }, { enabled: leaving, inDialog: true });

  const stale = isStale(saving.error) || isStale(answer?.error);
  return (
    // A click on a button does not take the focus from the photo, which needs the arrows and the space bar.
    <div className={css.editor} onMouseDown={(event) => event.target instanceof Element && event.target.closest("button, label") && event.preventDefault()}>
      <Top name={name}>
        <Button variant="default" disabled={saving.isPending} onClick={leave}>{common.cancel}</Button>
        <Button loading={saving.isPending} disabled={!canSave && !saving.isPending} rightSection={<><KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>S</KeyCap></>} onClick={trySave}>{copy.save}</Button>
      </Top>
      <Stage
        name={name} size={now.size} photo={pixels} matte={before ? matteBefore : matteNow} hints={hints} tool={tool} chosen={chosen} actions={actions} pane={pane}
        before={before} flip={() => dirty && setBefore(!before)} enabled={enabled}
      >
        {stale ? (
          <p className={css.wrong} role="alert"><IconAlertTriangle size={17} aria-hidden /><span>{copy.changed.words} {copy.changed.help}</span><Button size="compact-sm" variant="default" onClick={() => (saving.reset(), reload())}>{copy.changed.action}</Button></p>
        ) : answer?.error ? (
          <p className={css.wrong} role="alert"><IconAlertTriangle size={17} aria-hidden /><span>{copy.failed} {wordsOf(answer.error)}</span><Button size="compact-sm" variant="default" onClick={answer.retry}>{common.retry}</Button></p>
        ) : busy ? <p><Loader size={15} color="gray" aria-hidden />{busyWords}</p>
        : message.visible ? <p>{message.words}</p>
        : now.source === "" && !dirty ? <p className="soft small">{copy.preview}</p> : undefined}
      </Stage>
      <p className="visually-hidden" role="status">{busy && slow ? busyWords : message.words || (busy ? copy.busy : "")}</p>
      <Side photo={photo} tool={tool} chooseTool={chooseTool} history={history} chosen={chosen} choose={choose} actions={actions} findings={shown.findings} />
      <Modal opened={leaving} onClose={() => setLeaving(false)} title={copy.leave.title} size={440} closeOnEscape={false}>
        <p className="soft">{copy.leave.words(hints.length)}</p>
        <Group justify="flex-end" mt="xl">
          <Button variant="default" onClick={() => setLeaving(false)} data-autofocus>{copy.leave.stay}</Button>
          <Button color="no" onClick={close}>{copy.leave.action}</Button>
        </Group>
      </Modal>
    </div>
  );
}

const isStale = (error: unknown): boolean => error instanceof ApiError && (error.status === 412 || error.code === "out_of_date");
function wordsOf(error: unknown): string {
  const { title, words, remedy } = explain(error);
  return [title === common.error.title ? words || title : title, remedy].filter(Boolean).join(" ");
}

/** The cut-out that the hints give. The last answer is shown until the next one comes; without hints, the current cut-out. */
function useAnswer(photo: string, etag: string, present: Matte, hints: History["now"]) {
  const options = hinted(photo, etag, hints);
  const query = useQuery({ ...options, enabled: hints.length > 0 });
  const queued = useQueued(options.queryKey);
  const settled = hints.length === 0 ? present : query.data;
  const last = useRef(present);
  if (settled) last.current = settled;
  const error = hints.length > 0 && query.isError ? query.error : null;
  return {
    shown: settled ?? last.current, busy: hints.length > 0 && query.isFetching, queued,
    answer: settled || error ? { error, retry: () => void query.refetch() } : undefined,
  };
}

/** Whether `busy` has lasted for so long. */
function useLongerThan(busy: boolean, ms: number): boolean {
  const [late, set] = useState(false);
  useEffect(() => {
    if (!busy) return;
    const soon = setTimeout(() => set(true), ms);
    return () => (clearTimeout(soon), set(false));
  }, [busy, ms]);
  return late;
}

/** Reports of each new answer whether it is the same picture as the one before. */
function useAnswerNews(shown: Blob, present: Blob, onNews: (same: boolean) => void): void {
  const before = useRef(shown);
  const latest = useRef(onNews);
  latest.current = onNews;
  useEffect(() => {
    const was = before.current;
    before.current = shown;
    if (was === shown || shown === present) return;
    let current = true;
    void isSame(was, shown).then((same) => current && latest.current(same));
    return () => void (current = false);
  }, [shown, present]);
}
