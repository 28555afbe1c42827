/** Beside the photo: the tools, the hints so far, the findings, and what saving does. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Finding } from "~/api/types";
import { Findings } from "~/features/library/Findings";
import { common } from "~/shared/copy/common";
import { cutout as copy } from "~/shared/copy/cutout";
import { KeyCap } from "~/shared/ui/KeyCap";
import { nameOf, Sign, wordsOf } from "./Marks";
import type { Hints, History, Tool } from "./hints";
import { itemCounts } from "./queries";
import css from "./cutout.module.css";

const TOOLS: readonly Tool[] = ["keep", "remove", "box"];

export function Side({ photo, tool, chooseTool, history, chosen, choose, actions, findings }: {
  photo: string; tool: Tool; chooseTool: (tool: Tool) => void; history: History; chosen: number | null; choose: (id: number | null) => void;
  actions: { remove: (id: number) => void; clear: () => void; undo: () => void; redo: () => void }; findings: readonly Finding[];
}) {
  return (
    <div className={css.side}>
      <section className={css.block} aria-labelledby="cutout-tools">
        <h3 id="cutout-tools">{copy.tools.label}</h3>
        {TOOLS.map((one) => (
          <button key={one} type="button" className={css.tool} aria-pressed={one === tool} onClick={() => chooseTool(one)}>
            <span className={css.toolSign} data-tool={one} aria-hidden><Sign tool={one} size={16} /></span>
            <span className={css.toolWords}><strong>{copy.tools[one].name}</strong><span className="soft small">{copy.tools[one].words}</span></span>
            <KeyCap hidden>{copy.tools[one].key}</KeyCap>
          </button>
        ))}
      </section>
      <section className={`${css.block} ${css.grows}`} aria-labelledby="cutout-hints">
        <div className={css.hintsTop}>
          <h3 id="cutout-hints">{copy.hints.label} {history.now.length > 0 && <span className="soft num">{history.now.length}</span>}</h3>
          <Tooltip label={<>{common.undo} <KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>Z</KeyCap></>}>
            <ActionIcon variant="default" size={30} aria-label={common.undo} disabled={history.past.length === 0} onClick={actions.undo}><IconArrowBackUp size={17} aria-hidden /></ActionIcon>
          </Tooltip>
          <Tooltip label={<>{copy.hints.redo} <KeyCap hidden>⇧</KeyCap> <KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>Z</KeyCap></>}>
            <ActionIcon variant="default" size={30} aria-label={copy.hints.redo} disabled={history.future.length === 0} onClick={actions.redo}><IconArrowForwardUp size={17} aria-hidden /></ActionIcon>
          </Tooltip>
          <Button size="xs" variant="default" px={10} disabled={history.now.length === 0} onClick={actions.clear}>{copy.hints.clear}</Button>
        </div>
        {history.now.length === 0 ? <NoHints /> : <List hints={history.now} chosen={chosen} choose={choose} remove={actions.remove} />}
      </section>
      {findings.some((one) => one.verdict === "warn" || one.verdict === "fail") && (
        <section className={css.block} aria-labelledby="cutout-checks"><h3 id="cutout-checks">{copy.checks}</h3><Findings findings={findings} /></section>
      )}
      <AfterSaving photo={photo} />
    </div>
  );
}

const NoHints = () => <div className={`${css.none} soft small`}><p>{copy.hints.none}</p><p>{copy.hints.keyboard}</p></div>;

function List({ hints, chosen, choose, remove }: { hints: Hints; chosen: number | null; choose: (id: number | null) => void; remove: (id: number) => void }) {
  return (
    <ol className={css.list}>
      {hints.map((one) => (
        <li key={one.id} data-chosen={one.id === chosen || undefined}>
          <button type="button" className={css.hint} aria-pressed={one.id === chosen} onClick={() => choose(one.id === chosen ? null : one.id)}>
            <span className={css.toolSign} data-tool={one.tool} data-small aria-hidden><Sign tool={one.tool} size={12} /></span>
            <span>{copy.tools[one.tool].name}</span>
            <span className="soft num small">{wordsOf(one)}</span>
          </button>
          <ActionIcon variant="subtle" color="gray" size={28} aria-label={copy.hints.removeNamed(nameOf(one))} onClick={() => remove(one.id)}><IconX size={15} aria-hidden /></ActionIcon>
        </li>
      ))}
    </ol>
  );
}

/** How many pictures are made again on saving, and how many stay because they are approved. */
function AfterSaving({ photo }: { photo: string }) {
  const counts = useQuery(itemCounts(photo)).data;
  if (!counts) return null;
  const { open, approved } = counts;
  return (
    <section className={css.block} aria-labelledby="cutout-after">
      <h3 id="cutout-after">{copy.after.label}</h3>
      <p className="soft small">{open + approved === 0 ? copy.after.none : [open > 0 && copy.after.open(open), copy.after.approved(approved)].filter(Boolean).join(" ")}</p>
    </section>
  );
}
