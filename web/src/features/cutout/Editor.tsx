/** "Correct the cut-out": a person paints, points and draws what is missing or too much, and saves it. */
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
import { grayPng } from "./engine/png";
import { MOST, type Hint } from "./hints";
import { usePhoto } from "./pixels";
import { cut, itemCounts, opened, refresh, revert, save, turnOfHints, versions, type Matte, type OpenedPhoto } from "./queries";
import { Side } from "./Side";
import { Stage } from "./Stage";
import { firstSettings, stepped, TOOLS, type Settings, type Tool } from "./tools";
import { useDraft, useElsewhere, useSession, useWork } from "./useWork";
import type { Point } from "./view";
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
  const [tool, setTool] = useState<Tool>("erase");
  const [settings, setSettings] = useState<Settings>(() => firstSettings(now.size));
  const [before, setBefore] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const [message, setMessage] = useState({ words: "", visible: false });
  const say = (words: string, visible = false): void => setMessage({ words, visible });
  const set = (change: Partial<Settings>): void => setSettings((was) => ({ ...was, ...change }));

  const pixels = usePhoto(now.source, now.thumb, now.size);
  const { work, error } = useWork(photo, now, matte.picture, pixels, (what) => say({ same: copy.same, answered: copy.answered, plain: copy.plain }[what], what !== "answered"));
  const state = useSession(work);
  const { dirty, waiting, failure, working } = state;
  const busy = waiting.length > 0 && failure === null;
  const queued = useQueued(turnOfHints(photo));
  const slow = useLongerThan(busy, SLOW_MS);
  const busyWords = !slow ? copy.busy : queued ? copy.queued : copy.slow;
  const elsewhere = useElsewhere(photo);
  const draft = useDraft(photo, work, state, !elsewhere);
  const isRestored = work?.isDraft === true && state.revision > 0 && state.canUndo && !state.canRedo && work.layer.steps === 1;

  const focus = (): void => pane.current?.focus({ preventScroll: true });
  const opened = work !== null;
  useEffect(focus, [opened]);
  useEffect(() => setBefore(false), [state.revision]);
  const session = work?.session;
  const actions = {
    say,
    point: (hint: Hint) => {
      const words = hint.tool === "box" ? copy.announcements.box : copy.announcements.placed(copy.tools[hint.tool === "keep" ? "add" : "remove"].name, copy.at(...hint.at));
      if (session?.point(hint)) say(words);
      else say(copy.announcements.full(MOST[hint.tool]), true);
    },
    fill: (corners: readonly Point[], erase: boolean) => (session?.fill(corners, erase), say(copy.announcements.filled)),
    shift: (outwards: boolean) => (session?.shift(outwards), say(outwards ? copy.announcements.grown : copy.announcements.shrunk)),
    undo: () => session?.undo() && say(copy.announcements.undone),
    redo: () => session?.redo() && say(copy.announcements.redone),
    use: (version: number) => void revert(photo, now.version, version).then(() => (refresh(client, photo), notify(copy.reverted(version)), renew()), notifyError),
  };
  const renew = (): void => {
    void client.invalidateQueries({ queryKey: versions(photo).queryKey });
    reload();
  };
  const choose = (next: Tool): void => {
    setTool(next);
    focus();
  };
  const resize = (broader: boolean): void => {
    const size = stepped(settings.size, broader);
    set({ size });
    say(copy.announcements.size(size));
  };
  const follow = (): void => {
    set({ follow: !settings.follow });
    say(copy.announcements.follow(!settings.follow));
  };

  const saving = useMutation({
    mutationFn: async () => save(photo, now.etag, await grayPng(work!.layer.data, now.size.width, now.size.height)),
    onSuccess: async (version) => {
      const open = client.getQueryData(itemCounts(photo).queryKey)?.open ?? 0;
      await draft.drop();
      refresh(client, photo);
      notifyWithUndo(copy.saved(version, open), () => void back(version, now.version));
      close();
    },
    onError: (error) => !isStale(error) && notifyError(error),
  });
  const back = (from: number, version: number) => revert(photo, from, version).then(() => (refresh(client, photo), notify(copy.reverted(version))), notifyError);
  const canSave = dirty && !busy && !working && !saving.isPending; // nobody saves what he has not seen
  const trySave = (): void => {
    if (canSave) saving.mutate();
  };
  const leave = (): void => (dirty || working || waiting.length > 0 ? setLeaving(true) : close());
  const discard = (): void => void draft.drop().then(close);
  useBlocker({ shouldBlockFn: () => (setLeaving(true), true), enableBeforeUnload: () => dirty && !draft.isStored, disabled: !dirty || saving.isSuccess });

  const enabled = !leaving && !saving.isPending && work !== null;
  const toolKeys = Object.fromEntries(TOOLS.map((one) => [one.key.toLowerCase(), () => choose(one.tool)]));
  useKeys({
    ...toolKeys, s: follow, "[": () => resize(false), "]": () => resize(true),
    "mod+z": actions.undo, "mod+shift+z": actions.redo, "mod+y": actions.redo, "mod+s": trySave,
    escape: () => (state.working ? session?.cancel() : leave()),
  }, { enabled, inDialog: true });
  useKeys({ escape: () => setLeaving(false) }, { enabled: leaving, inDialog: true });

  const stale = isStale(saving.error) || isStale(failure);
  if (!work) {
    return (
      <>
        <Top name={name}><Button variant="default" onClick={close} data-autofocus>{common.cancel}</Button></Top>
        {error ? <Failed error={error} retry={reload} /> : <Waiting><div className={css.opening}><Loader size="sm" /><span className="soft">{copy.opening}</span></div></Waiting>}
      </>
    );
  }
  return (
    // A click on a button does not take the focus from the photo, which needs the arrows and the space bar.
    <div className={css.editor} onMouseDown={(event) => event.target instanceof Element && event.target.closest("button, label") && event.preventDefault()}>
      <Top name={name}>
        <Button variant="default" disabled={saving.isPending} onClick={leave}>{common.cancel}</Button>
        <Button loading={saving.isPending} disabled={!canSave && !saving.isPending} rightSection={<><KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>S</KeyCap></>} onClick={trySave}>{copy.save}</Button>
      </Top>
      <Stage
        name={name} size={now.size} photo={pixels} work={work} state={state} tool={tool} settings={settings} actions={actions} pane={pane}
        before={before} flip={() => dirty && setBefore(!before)} enabled={enabled}
      >
        {stale ? (
          <p className={css.wrong} role="alert"><IconAlertTriangle size={17} aria-hidden /><span>{copy.changed.words} {copy.changed.help}</span><Button size="compact-sm" variant="default" onClick={() => (saving.reset(), renew())}>{copy.changed.action}</Button></p>
        ) : failure !== null ? (
          <p className={css.wrong} role="alert"><IconAlertTriangle size={17} aria-hidden /><span>{copy.failed} {wordsOf(failure)}</span><Button size="compact-sm" variant="default" onClick={() => session?.retry()}>{common.retry}</Button></p>
        ) : elsewhere ? <p role="alert">{copy.elsewhere}</p>
        : busy ? <p><Loader size={15} color="gray" aria-hidden />{busyWords}</p>
        : isRestored ? <p>{copy.draft.found}<Button size="compact-sm" variant="default" onClick={actions.undo}>{copy.draft.action}</Button></p>
        : message.visible ? <p>{message.words}</p>
        : dirty && !draft.hasRoom ? <p>{copy.draft.none}</p>
        : now.source === "" && !dirty ? <p className="soft small">{copy.preview}</p> : undefined}
      </Stage>
      <p className="visually-hidden" role="status">{busy && slow ? busyWords : message.words || (busy ? copy.busy : isRestored ? copy.draft.found : "")}</p>
      <Side photo={photo} tool={tool} chooseTool={choose} settings={settings} set={set} state={state} actions={actions} findings={matte.findings} busy={working || waiting.length > 0} />
      <Modal opened={leaving} onClose={() => setLeaving(false)} title={copy.leave.title} size={440} closeOnEscape={false}>
        <p className="soft">{copy.leave.words}</p>
        <Group justify="flex-end" mt="xl">
          <Button variant="default" onClick={() => setLeaving(false)} data-autofocus>{copy.leave.stay}</Button>
          <Button color="no" onClick={discard}>{copy.leave.action}</Button>
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
