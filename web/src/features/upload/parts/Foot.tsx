/** The counts by group, which are filters, and the next action. It is always in sight. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock, IconRefresh, IconX } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { upload as copy } from "~/shared/copy/upload";
import { markUsed, retryAll, usablePhotos } from "../engine";
import { useSummary } from "../engine/store";
import css from "../upload.module.css";
import { Duplicates } from "./Duplicates";
import type { Filter } from "./Files";

const words = copy.foot;
/** The screen of a new batch reads the photos here: an address would be too long for thousands. */
const BATCH_IMAGES = "packshot-batch-images";

export function Foot({ filter, choose }: { filter: Filter; choose: (filter: Filter) => void }) {
  const { groups, again, left } = useSummary();
  const navigate = useNavigate();
  const photos = groups.ready.length + groups.look.length;
  const batch = (): void => {
    sessionStorage.setItem(BATCH_IMAGES, JSON.stringify(usablePhotos()));
    markUsed();
    void navigate({ to: "/batches/new" });
  };
  const chips: { of: Filter; words: string; icon: ReactNode; hidden?: boolean }[] = [
    { of: "all", words: words.all(photos + groups.bad.length + groups.open.length), icon: null },
    { of: "ready", words: words.ready(groups.ready.length), icon: <IconCheck size={15} stroke={2.2} aria-hidden /> },
    { of: "look", words: words.look(groups.look.length), icon: <IconAlertTriangle size={15} stroke={2} aria-hidden /> },
    { of: "bad", words: words.bad(groups.bad.length), icon: <IconX size={15} stroke={2.2} aria-hidden /> },
    { of: "open", words: words.open(groups.open.length), icon: <IconClock size={15} stroke={2} aria-hidden />, hidden: groups.open.length === 0 },
  ];
  return (
    <footer className={css.foot} aria-label={words.label}>
      <div className={css.chips} role="group" aria-label={words.filter}>
        {chips.filter((chip) => !chip.hidden || chip.of === filter).map((chip) => (
          <button key={chip.of} type="button" className={css.chip} data-of={chip.of} aria-pressed={filter === chip.of} onClick={() => choose(chip.of)}>
            {chip.icon}<span className="num">{chip.words}</span>
          </button>
        ))}
      </div>
      <div className={css.footActions}>
        {filter === "look" && <Duplicates />}
        {again > 0 && <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={retryAll}>{words.retryAll(again)}</Button>}
        <Button variant={left > 0 ? "default" : "filled"} disabled={photos === 0} onClick={batch}>{photos > 0 ? words.batch(photos) : words.none}</Button>
      </div>
    </footer>
  );
}
