/** Review of one batch: groups on top, pictures on the left, the one under the cursor on the right; every action has a key. */
import { Button, Menu, Modal, SegmentedControl } from "@mantine/core";
import { IconCheck, IconFilter, IconLayoutGrid, IconPhoto, IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { api, unwrap } from "~/api/client";
import { batch as batchQuery, session } from "~/api/queries";
import { Correct } from "~/features/cutout/Correct";
import { shortOf } from "~/shared/copy/findings";
import { review as copy } from "~/shared/copy/review";
import { live } from "~/shared/live";
import { useKeys } from "~/shared/keys";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Bar } from "~/shared/ui/marks";
import { Page } from "~/shared/ui/Page";
import { Empty, Failed, TilesWaiting } from "~/shared/ui/states";
import { Grid } from "./Grid";
import { Loupe, type LoupeState } from "./Loupe";
import { reasonsQuery, type Rejection } from "./RejectPanel";
import { Sheet } from "./Sheet";
import type { Group } from "./order";
import { GROUPS, ReviewStore, type Decision } from "./store";
import { useAnyChange, useValue } from "./hooks";
import css from "./review.module.css";

type Layout = "grid" | "sheet" | "loupe";

export default function Review() {
  const { batch: id } = useParams({ from: "/inside/review/$batch" });
  const who = useQuery(session()).data;
  const store = useMemo(() => new ReviewStore(id, who?.user ?? null), [id, who?.user]);
  useEffect(() => store.start(), [store]);
  return <ReviewScreen key={id} store={store} id={id} />;
}

function ReviewScreen({ store, id }: { store: ReviewStore; id: string }) {
  const loaded = useValue(store, () => store.loaded);
  const failed = useValue(store, () => store.error !== null);
  const empty = useValue(store, () => store.view.length === 0);
  const navigate = useNavigate({ from: "/review/$batch" });
  const search = useSearch({ from: "/inside/review/$batch" });
  const batch = useQuery(batchQuery(id));
  useQuery(reasonsQuery);
  const nameOf = useNames();

  const [entered] = useState<{ group?: Group }>({});
  if (loaded) entered.group ??= store.firstGroup();
  const group = search.group ?? entered.group ?? "look";
  const layout: Layout = search.layout ?? (group === "fine" ? "sheet" : "grid");
  useEffect(() => {
    if (loaded) store.arrange(group, search.flag);
  }, [store, loaded, group, search.flag]);
  useEffect(() => live.listen((message) => store.apply(message, nameOf)), [store, nameOf]);

  const [state, setState] = useState<LoupeState>({ mode: "whole", rejecting: false, versions: false });
  const set = useCallback((next: Partial<LoupeState>) => setState((was) => (changes(was, next) ? { ...was, ...next } : was)), []);
  const [columns, setColumns] = useState(1);
  const [correcting, setCorrecting] = useState<{ photo: string; name: string } | null>(null);
  const correct = () => {
    const item = store.items.get(store.cursor ?? "");
    set({ rejecting: false });
    if (item) setCorrecting({ photo: item.photo, name: item.photo_name });
  };

  const show = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const decide = (decision: Decision) => {
    set({ rejecting: false });
    store.decide(store.chosen(), decision);
  };
  const reject = ({ reason, note, retry }: Rejection) => {
    set({ rejecting: false });
    store.decide(store.chosen(), "reject", { reason, note, retry });
  };
  const across = layout === "loupe" ? 1 : columns;
  const layouts: Layout[] = ["grid", "sheet", "loupe"];
  useKeys({
    arrowright: () => store.move(1), arrowleft: () => store.move(-1), arrowdown: () => store.move(across), arrowup: () => store.move(-across),
    home: () => store.moveTo(store.view[0] ?? null), end: () => store.moveTo(store.view.at(-1) ?? null),
    z: () => void store.undo(), "mod+z": () => void store.undo(), f: () => store.nextFlagged(), "mod+a": () => store.selectAll(),
    x: () => set({ mode: state.mode === "compare" ? "whole" : "compare" }), space: () => set({ mode: state.mode === "full" ? "whole" : "full" }),
    v: () => set({ versions: true }), m: () => show({ layout: layouts[(layouts.indexOf(layout) + 1) % 3] }),
  });
  useKeys({ a: () => decide("approve"), y: () => void store.approveLeftOut(), s: () => decide("skip"), t: () => decide("retry"), e: correct, r: () => set({ rejecting: true }), n: () => set({ rejecting: true }), escape: () => (store.selected.size > 0 ? store.clear() : set({ mode: "whole" })) }, { enabled: !state.rejecting });

  const title = batch.data ? `${copy.title} · ${batch.data.name}` : copy.title;
  return (
    <Page
      title={title} scroll={false}
      actions={<Progress store={store} id={id} />}
    >
      <div className={css.screen}>
        <div className={css.filters}>
          <Groups store={store} group={group} choose={(one) => show({ group: one, flag: undefined, layout: undefined })} />
          <FlagMenu store={store} flag={search.flag} choose={(flag) => show({ flag })} />
          <span style={{ flex: 1 }} />
          <SegmentedControl
            size="xs" value={layout} onChange={(value) => show({ layout: value as Layout })} aria-label={copy.layout}
            data={[
              { value: "grid", label: <IconLabel icon={<IconLayoutGrid size={16} />} words={copy.layouts.grid} /> },
              { value: "sheet", label: <IconLabel icon={<IconTable size={16} />} words={copy.layouts.sheet} /> },
              { value: "loupe", label: <IconLabel icon={<IconPhoto size={16} />} words={copy.layouts.loupe} /> },
            ]}
          />
        </div>
        {failed && !loaded ? <Failed error={store.error} retry={() => void store.load()} />
          : !loaded ? <TilesWaiting size={150} />
          : empty ? <EmptyGroup store={store} group={group} id={id} show={show} />
          : (
            <div className={css.panes} data-layout={layout}>
              {layout === "grid" && <Grid store={store} size={132} columns={setColumns} label={copy.groups[group]} open={() => show({ layout: "loupe" })} />}
              {layout === "sheet" && <Sheet key={group} store={store} columns={setColumns} open={() => show({ layout: "loupe" })} />}
              {layout !== "sheet" && <Loupe store={store} state={state} set={set} decide={decide} undo={() => void store.undo()} reject={reject} correct={correct} nameOf={nameOf} />}
              {layout === "sheet" && state.rejecting && (
                <Modal opened onClose={() => set({ rejecting: false })} withCloseButton={false} size="lg" closeOnEscape={false}>
                  <Loupe store={store} state={{ ...state, versions: false }} set={set} decide={decide} undo={() => void store.undo()} reject={reject} correct={correct} nameOf={nameOf} />
                </Modal>
              )}
            </div>
          )}
      </div>
      {correcting && <Correct {...correcting} close={() => setCorrecting(null)} />}
    </Page>
  );
}

const IconLabel = ({ icon, words }: { icon: React.ReactNode; words: string }) => <span className={css.named}>{icon}<span className="visually-hidden">{words}</span></span>;

function changes(was: LoupeState, next: Partial<LoupeState>): boolean {
  return (Object.keys(next) as (keyof LoupeState)[]).some((name) => was[name] !== next[name]);
}

function Progress({ store, id }: { store: ReviewStore; id: string }) {
  useAnyChange(store);
  const counts = store.counts();
  return (
    <>
      <div className={css.progress}>
        <span className="num soft">{copy.decidedOf(counts.approved + counts.rejected, counts.total)}</span>
        <Bar total={counts.total} label={copy.title} height={6} parts={[{ value: counts.approved, tone: "ok", words: "approved" }, { value: counts.rejected, tone: "no", words: "rejected" }, { value: counts.skipped, tone: "plain", words: "skipped" }]} />
      </div>
      {counts.approved > 0 && <LinkButton to="/deliver" search={{ batch: id }} variant="default">{copy.finished.deliver}</LinkButton>}
    </>
  );
}

function Groups({ store, group, choose }: { store: ReviewStore; group: Group; choose: (group: Group) => void }) {
  useAnyChange(store);
  const counts = store.counts();
  return GROUPS.map((one) => (
    <button key={one} type="button" className={css.filter} aria-pressed={one === group} onClick={() => choose(one)}>
      {copy.groups[one]} <strong className="num">{counts[one].toLocaleString()}</strong>
    </button>
  ));
}

function FlagMenu({ store, flag, choose }: { store: ReviewStore; flag: string | undefined; choose: (flag: string | undefined) => void }) {
  const [opened, open] = useState(false);
  const any = useValue(store, () => store.hasFlags());
  if (!any && !flag) return null;
  const flags = opened ? store.flags() : [];
  return (
    <Menu position="bottom-start" portalProps={{ target: "#screen" }} opened={opened} onChange={open}>
      <Menu.Target>
        <button type="button" className={css.filter} aria-pressed={!!flag}><IconFilter size={15} aria-hidden />{flag ? shortOf(flag) : copy.flagged}</button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => choose(undefined)} leftSection={flag ? <span style={{ width: 14 }} /> : <IconCheck size={14} />}>{copy.anyFlag}</Menu.Item>
        {flags.map(([check, count]) => (
          <Menu.Item key={check} onClick={() => choose(check)} leftSection={flag === check ? <IconCheck size={14} /> : <span style={{ width: 14 }} />} rightSection={<span className="num soft">{count}</span>}>{shortOf(check)}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function EmptyGroup({ store, group, id, show }: { store: ReviewStore; group: Group; id: string; show: (next: { group?: Group }) => void }) {
  useAnyChange(store);
  const counts = store.counts();
  if (counts.total > 0 && counts.left === 0 && group !== "skipped" && group !== "decided") {
    return (
      <Empty icon={<IconCheck size={30} />} title={copy.finished.title} words={copy.finished.words(counts.approved, counts.rejected, counts.skipped)}>
        {counts.approved > 0 && <LinkButton to="/deliver" search={{ batch: id }}>{copy.finished.deliver}</LinkButton>}
        {counts.skipped > 0 && <Button variant="default" onClick={() => show({ group: "skipped" })}>{copy.finished.skipped}</Button>}
      </Empty>
    );
  }
  const other: Group | undefined = counts.look > 0 ? "look" : counts.fine > 0 ? "fine" : undefined;
  return (
    <Empty title={copy.groupEmpty[group].title} words={copy.groupEmpty[group].words}>
      {other && other !== group && <Button onClick={() => show({ group: other })}>{copy.groups[other]} ({counts[other]})</Button>}
    </Empty>
  );
}

/** Names of users by id. */
function useNames(): (by: string | null) => string {
  const members = useQuery({ queryKey: ["members"], queryFn: () => unwrap(api.GET("/api/v1/members")), staleTime: 60_000 });
  return useCallback((by) => members.data?.find((one) => one.id === by)?.name || (by?.startsWith("key_") ? copy.apiKey : copy.someone), [members.data]);
}
