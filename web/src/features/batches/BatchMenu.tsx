/** All deeds of a batch behind three dots, and the questions that are asked before those that cannot be undone. */
import { ActionIcon, Button, Menu, Modal, TextInput } from "@mantine/core";
import { IconBan, IconDots, IconPencil, IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { common } from "~/shared/copy/common";
import { priorities } from "~/shared/copy/statuses";
import { useDeeds } from "./useDeeds";

const copy = batches.deeds;
const LEVELS = ["urgent", "standard", "overnight"] as const;
const isLevel = (value: string): value is Batch["priority"] => LEVELS.some((level) => level === value);

export function BatchMenu({ batch, onRemoved }: { batch: Batch; onRemoved?: () => void }) {
  const deeds = useDeeds(batch);
  const [asking, ask] = useState<"rename" | "cancel" | "remove" | null>(null);
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
          <Menu.Item leftSection={<IconPencil {...icon} />} onClick={() => ask("rename")}>{copy.rename}</Menu.Item>
          {going && <Menu.Item leftSection={<IconPlayerPause {...icon} />} onClick={() => deeds.pause.mutate()}>{copy.pause}</Menu.Item>}
          {batch.state === "paused" && <Menu.Item leftSection={<IconPlayerPlay {...icon} />} onClick={() => deeds.resume.mutate()}>{copy.resume}</Menu.Item>}
          {(going || batch.state === "paused") && (
            <>
              <Menu.Divider />
              <Menu.Label>{copy.priority}</Menu.Label>
              <Menu.RadioGroup value={batch.priority} onChange={(level) => isLevel(level) && deeds.prioritise.mutate(level)}>
                {LEVELS.map((level) => <Menu.RadioItem key={level} value={level} closeMenuOnClick>{priorities[level]?.name}</Menu.RadioItem>)}
              </Menu.RadioGroup>
            </>
          )}
          <Menu.Divider />
          {(going || batch.state === "paused") && <Menu.Item leftSection={<IconBan {...icon} />} onClick={() => ask("cancel")}>{copy.cancel}</Menu.Item>}
          <Menu.Item leftSection={<IconTrash {...icon} />} style={{ color: "var(--no)" }} onClick={() => ask("remove")}>{copy.remove}</Menu.Item>
        </Menu.Dropdown>
      </Menu>

      <Modal opened={asking === "rename"} onClose={() => ask(null)} title={copy.renameTitle}>
        <Rename name={batch.name} busy={deeds.rename.isPending} done={(name) => deeds.rename.mutate(name, { onSuccess: () => ask(null) })} />
      </Modal>
      <Sure
        opened={asking === "cancel"} close={() => ask(null)} title={copy.cancelTitle(batch.name)} words={copy.cancelWords(left)} deed={copy.cancelDeed}
        no={copy.keep} busy={deeds.cancel.isPending} go={() => deeds.cancel.mutate(undefined, { onSuccess: () => ask(null) })}
      />
      <Sure
        opened={asking === "remove"} close={() => ask(null)} title={copy.removeTitle(batch.name)} words={copy.removeWords(left, batch.done)} deed={copy.remove}
        no={common.cancel} busy={deeds.remove.isPending}
        go={() => deeds.remove.mutate(undefined, { onSuccess: () => { ask(null); onRemoved?.(); } })}
      />
    </>
  );
}

function Rename({ name, busy, done }: { name: string; busy: boolean; done: (name: string) => void }) {
  const [words, write] = useState(name);
  const [tried, attempt] = useState(false);
  const wrong = tried && !words.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        attempt(true);
        if (words.trim()) done(words.trim());
      }}
    >
      <TextInput
        label={copy.name} value={words} onChange={(event) => write(event.currentTarget.value)} maxLength={200} data-autofocus
        error={wrong ? copy.nameNeeded : undefined}
      />
      <div style={{ display: "flex", justifyContent: "flex-end", marginTop: 18 }}><Button type="submit" loading={busy}>{common.save}</Button></div>
    </form>
  );
}

function Sure({ opened, close, title, words, deed, no, busy, go }: {
  opened: boolean; close: () => void; title: string; words: string; deed: string; no: string; busy: boolean; go: () => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <p>{words}</p>
      <div style={{ display: "flex", justifyContent: "flex-end", gap: 10, marginTop: 20 }}>
        <Button variant="default" onClick={close} data-autofocus>{no}</Button>
        <Button color="no" loading={busy} onClick={go}>{deed}</Button>
      </div>
    </Modal>
  );
}
