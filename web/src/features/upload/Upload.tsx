/** Upload: settings on the side, the list of files with their findings, and the next action below. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconFolder, IconPhotoPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { collections, keys, session } from "~/api/queries";
import { announce } from "~/shared/announce";
import { upload as copy } from "~/shared/copy/upload";
import { Page } from "~/shared/ui/Page";
import { RowsWaiting } from "~/shared/ui/states";
import { clear, start } from "./engine";
import { ownerOf } from "./engine/pause";
import { useSettings } from "./engine/settings";
import { useSummary } from "./engine/store";
import { ListColumns } from "./parts/ListColumns";
import { DropLayer } from "./parts/DropLayer";
import { Files, type Filter } from "./parts/Files";
import { Foot } from "./parts/Foot";
import { Hero } from "./parts/Hero";
import { Note } from "./parts/Note";
import { Setup } from "./parts/Setup";
import { StatusStrip } from "./parts/StatusStrip";
import { useAddFiles } from "./parts/useAddFiles";
import css from "./upload.module.css";

export default function Upload() {
  const who = useQuery(session());
  const name = who.data ? ownerOf(who.data) : "";
  useEffect(() => {
    if (name) void start(name);
  }, [name]);
  useLibraryRefresh();
  const { all, groups, loaded, reading } = useSummary();
  const [filter, setFilter] = useState<Filter>("all");
  const { collection } = useSettings();
  const tree = useQuery(collections());
  const into = tree.data?.find((one) => one.id === collection)?.name ?? null;
  const some = all.length > 0;
  return (
    <Page title={copy.title} scroll={false} actions={some && <UploadActions />}>
      <div className={css.upload}>
        <div className={css.main}>
          <Note />
          {!loaded ? <RowsWaiting count={7} height={72} /> : !some ? <Hero reading={reading} /> : (
            <>
              <StatusStrip />
              <Files key={filter} ids={filter === "all" ? all : groups[filter]} filter={filter} showAll={() => setFilter("all")} />
            </>
          )}
        </div>
        <Setup />
        {some && <Foot filter={filter} choose={setFilter} />}
      </div>
      <DropLayer into={into} />
      <ListColumns />
    </Page>
  );
}

function UploadActions() {
  const add = useAddFiles();
  return (
    <>
      <Button variant="default" leftSection={<IconPhotoPlus size={17} stroke={1.7} aria-hidden />} onClick={add.files}>{copy.chooseFiles}</Button>
      <Button variant="default" leftSection={<IconFolder size={17} stroke={1.7} aria-hidden />} onClick={add.folder}>{copy.chooseFolder}</Button>
      <Menu position="bottom-end" withinPortal={false}>
        <Menu.Target><ActionIcon variant="default" size={36} aria-label={copy.more}><IconDots size={18} aria-hidden /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={clear}>
            <div>{copy.clear}</div>
            <div className="soft small">{copy.clearHelp}</div>
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

const REFRESH_MS = 3_000;

/** Reloads the library while photos arrive, and announces the end. */
function useLibraryRefresh(): void {
  const client = useQueryClient();
  const { groups, left, unpacking, loaded } = useSummary();
  const [ready, look, bad] = [groups.ready.length, groups.look.length, groups.bad.length];
  const moves = left + unpacking > 0;
  const moved = useRef(false);
  const soon = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (!loaded || ready + look === 0) return;
    soon.current ??= setTimeout(() => {
      soon.current = undefined;
      for (const queryKey of [keys.photos, keys.products, keys.collections]) void client.invalidateQueries({ queryKey });
    }, REFRESH_MS);
  }, [client, loaded, ready, look]);
  useEffect(() => {
    if (moved.current && !moves) announce(copy.finished(ready, look, bad));
    moved.current = moves;
  }, [moves, ready, look, bad]);
}
