/** Deliver: batches that are ready and past deliveries on the left, the chosen one on the right. */
import { Button } from "@mantine/core";
import { IconCloud, IconSend } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { deliver as copy } from "~/shared/copy/deliver";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { Empty } from "~/shared/ui/states";
import { NewExport } from "./NewExport";
import { Destinations } from "./Destinations";
import { OneExport } from "./OneExport";
import { batchPages, exportPages } from "./queries";
import { Side, readyOf } from "./Side";
import css from "./deliver.module.css";

export default function Deliver() {
  const search = useSearch({ from: "/inside/deliver" });
  const batches = useInfiniteQuery(batchPages());
  const exports = useInfiniteQuery(exportPages());
  const [managing, setManaging] = useState(false);
  const ready = readyOf(batches.data);
  // Without a choice the first batch that is ready is open.
  const batch = search.batch ?? (search.export ? undefined : ready[0]?.id);
  const nothing = !batch && !search.export;
  const isNew = batches.isSuccess && exports.isSuccess && ready.length === 0 && exports.data.pages[0]?.items.length === 0;
  return (
    <Page
      title={copy.title} scroll={false}
      actions={<Button variant="default" leftSection={<IconCloud size={17} aria-hidden />} onClick={() => setManaging(true)}>{copy.destinations}</Button>}
    >
      {isNew && nothing ? (
        <Empty icon={<IconSend size={28} stroke={1.5} />} title={copy.empty.title} words={copy.empty.words}>
          <LinkButton to="/review">{copy.empty.action}</LinkButton>
        </Empty>
      ) : (
        <div className={css.split}>
          <Side batches={batches} exports={exports} batch={batch} one={search.export} />
          <section className={css.detail}>
            {search.export ? (
              <OneExport key={search.export} id={search.export} />
            ) : batch ? (
              <NewExport key={batch} id={batch} manage={() => setManaging(true)} />
            ) : batches.isSuccess ? (
              <Empty icon={<IconSend size={28} stroke={1.5} />} title={copy.pick.title} words={copy.pick.words} />
            ) : null}
          </section>
        </div>
      )}
      <Destinations opened={managing} close={() => setManaging(false)} />
    </Page>
  );
}
