/** Lines of a list and files of a ZIP for which there is no photo. */
import { Button, Drawer } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useState } from "react";
import type { Batch } from "~/api/types";
import { batches } from "~/shared/copy/batches";
import { sentence } from "~/shared/errors";
import { notify } from "~/shared/notify";
import css from "./side.module.css";

const copy = batches.one;
const SHOWN = 4;
type Lines = Batch["unmatched"];

export function UnmatchedList({ lines, goesOn }: { lines: Lines; goesOn: boolean }) {
  const [opened, setOpened] = useState(false);
  if (lines.length === 0) return null;
  return (
    <section className={css.block} aria-label={copy.unmatched(lines.length)}>
      <h2>{copy.unmatched(lines.length)}</h2>
      {goesOn && <p className="soft small">{copy.unmatchedWords}</p>}
      <ul className={css.list}>{lines.slice(0, SHOWN).map((one, at) => <li key={at} className={css.unmatched}><Line one={one} /></li>)}</ul>
      {lines.length > SHOWN && <Button variant="default" onClick={() => setOpened(true)}>{copy.unmatchedAll(lines.length)}</Button>}
      <Drawer opened={opened} onClose={() => setOpened(false)} position="right" size={460} title={copy.unmatchedTitle}>
        {"clipboard" in navigator && <Button
          variant="default" mb="sm" leftSection={<IconCopy size={15} aria-hidden />}
          onClick={() => void navigator.clipboard.writeText(lines.map((one) => `${one.name}\t${one.reason}`).join("\n")).then(() => notify(copy.copied))}
        >
          {copy.copyList}
        </Button>}
        {opened && <All lines={lines} />}
      </Drawer>
    </section>
  );
}

function All({ lines }: { lines: Lines }) {
  const [scroll, setScroll] = useState<HTMLDivElement | null>(null);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroll, estimateSize: () => 64, overscan: 8 });
  return (
    <div ref={setScroll} className={css.lines} tabIndex={0} role="group" aria-label={copy.unmatchedTitle}>
      <ul className={css.list} style={{ height: rows.getTotalSize(), position: "relative", display: "block" }}>
        {rows.getVirtualItems().map((row) => {
          const one = lines[row.index];
          return one && (
            <li key={row.key} ref={rows.measureElement} data-index={row.index} className={css.unmatched} style={{ position: "absolute", left: 0, right: 0, top: 0, transform: `translateY(${row.start}px)` }}>
              <Line one={one} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const Line = ({ one }: { one: Lines[number] }) => (
  <>
    <strong style={{ overflowWrap: "anywhere" }}>{one.name.replace(/^row /, "Row ")}</strong>
    <span className="soft small">{sentence(one.reason)}</span>
  </>
);
