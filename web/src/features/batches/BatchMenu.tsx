/** The menu of all actions on a batch, and the confirmation of those that cannot be undone. */
import { ActionIcon, Button, Menu, Modal, TextInput } from "@mantine/core";
import { IconBan, IconDots, IconPencil, IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { common } from "~/shared/copy/common";
import { priorities } from "~/shared/copy/statuses";
import { useBatchActions } from "./useBatchActions";

const copy = batches.actions;
const LEVELS = ["urgent", "standard", "overnight"] as const;
const isLevel = (value: string): value is Batch["priority"] => LEVELS.some((level) => level === value);

export function BatchMenu({ batch, onRemoved }: { batch: Batch; onRemoved?: () => void }) {
  const actions = useBatchActions(batch);
  const [dialog, open] = useState<"rename" | "cancel" | "remove" | null>(null);
  const left = batch.counts.processing ?? 0;
  const going = ["created", "validating", "processing"].includes(batch.state);
  const icon = { size: 16, stroke: 1.7, "aria-hidden": true } as const;
  return (
    <>
      <Menu position="bottom-end" width={232} withInitialFocusPlaceholder={false} portalProps={{ target: "#screen" }}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={copy.menu(batch.name)}><IconDots size={18} aria-hidden /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil {...icon} />} onClick={() => open("rename")}>{copy.rename}</Menu.Item>
          {going && <Menu.Item leftSection={<IconPlayerPause {...icon} />} onClick={() => actions.pause.mutate()}>{copy.pause}</Menu.Item>}
          {batch.state === "paused" && <Menu.Item leftSection={<IconPlayerPlay {...icon} />} onClick={() => actions.resume.mutate()}>{copy.resume}</Menu.Item>}
          {(going || batch.state === "paused") && (
            <>
              <Menu.Divider />
              <Menu.Label>{copy.priority}</Menu.Label>
              <Menu.RadioGroup value={batch.priority} onChange={(level) => isLevel(level) && actions.prioritise.mutate(level)}>
                {LEVELS.map((level) => <Menu.RadioItem key={level} value={level} closeMenuOnClick>{priorities[level]?.name}</Menu.RadioItem>)}
              </Menu.RadioGroup>
            </>
          )}
          <Menu.Divider />
          {(going || batch.state === "paused") && <Menu.Item leftSection={<IconBan {...icon} />} onClick={() => open("cancel")}>{copy.cancel}</Menu.Item>}
          <Menu.Item leftSection={<IconTrash {...icon} />} style={{ color: "var(--no)" }} onClick={() => open("remove")}>{copy.remove}</Menu.Item>
        </Menu.Dropdown>
      </Menu>

      <Modal opened={dialog === "rename"} onClose={() => open(null)} title={copy.renameTitle}>
        <Rename name={batch.name} busy={actions.rename.isPending} done={(name) => actions.rename.mutate(name, { onSuccess: () => open(null) })} />
      </Modal>
      <ConfirmModal
        opened={dialog === "cancel"} close={() => open(null)} title={copy.cancelTitle(batch.name)} words={copy.cancelWords(left)} action={copy.cancelAction}
        no={copy.keep} busy={actions.cancel.isPending} go={() => actions.cancel.mutate(undefined, { onSuccess: () => open(null) })}
      />
      <ConfirmModal
        opened={dialog === "remove"} close={() => open(null)} title={copy.removeTitle(batch.name)} words={copy.removeWords(left, batch.done)} action={copy.remove}
        no={common.cancel} busy={actions.remove.isPending}
        go={() => actions.remove.mutate(undefined, { onSuccess: () => { open(null); onRemoved?.(); } })}
      />
    </>
  );
}

function Rename({ name, busy, done }: { name: string; busy: boolean; done: (name: string) => void }) {
  const [words, setWords] = useState(name);
  const [tried, setTried] = useState(false);
  const wrong = tried && !words.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (words.trim()) done(words.trim());
      }}
    >
      <TextInput
        label={copy.name} value={words} onChange={(event) => setWords(event.currentTarget.value)} maxLength={200} data-autofocus
        error={wrong ? copy.nameNeeded : undefined}
      />
      <div style={{ display: "flex", justifyContent: "flex-end", marginTop: 18 }}><Button type="submit" loading={busy}>{common.save}</Button></div>
    </form>
  );
}

function ConfirmModal({ opened, close, title, words, action, no, busy, go }: {
  opened: boolean; close: () => void; title: string; words: string; action: string; no: string; busy: boolean; go: () => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <p>{words}</p>
      <div style={{ display: "flex", justifyContent: "flex-end", gap: 10, marginTop: 20 }}>
        <Button variant="default" onClick={close} data-autofocus>{no}</Button>
        <Button color="no" loading={busy} onClick={go}>{action}</Button>
      </div>
    </Modal>
  );
}
