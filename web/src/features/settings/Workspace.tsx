/** How the workspace runs: its name, when overnight work may run, how long deleted things can be restored, the watched folder. */
import { Select, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { session } from "~/api/queries";
import type { Workspace as View, WorkspaceChange } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { notify, notifyError } from "~/shared/notify";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { Form, type Change, type Save } from "./Form";
import { ListColumns } from "./ListColumns";
import { NewWorkspace } from "./NewWorkspace";
import { useOwner, workspace } from "./queries";
import { Head, Note, Section } from "./Section";
import { WatchedFolderSection } from "./WatchedFolder";
import css from "./settings.module.css";

const copy = settings.workspace;

export function Workspace() {
  const client = useQueryClient();
  const owner = useOwner();
  const query = useQuery(workspace());
  const change = useMutation({
    // The schema's type names every setting; what a change leaves out keeps its value.
    mutationFn: (body: Change) => unwrap(api.PATCH("/api/v1/workspace", { body: body as WorkspaceChange })),
    onSuccess: (now) => {
      client.setQueryData(workspace().queryKey, now);
      client.setQueryData(session().queryKey, (old) => old && { ...old, workspace: now });
      notify(settings.saved);
    },
    onError: notifyError,
  });
  if (query.isError && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <div className={css.tabBody}><RowsWaiting count={4} height={96} /></div>;
  const save: Save = { put: change.mutate, busy: change.isPending, owner };
  return (
    <div className={css.tabBody}>
      <Head title={copy.title} />
      {!owner && <Note>{settings.ownersOnly}</Note>}
      <Name view={query.data} save={save} />
      <OffPeak view={query.data} save={save} />
      <Retention view={query.data} save={save} />
      <WatchedFolderSection view={query.data} save={save} />
      <ListColumns view={query.data} save={save} />
      {owner && query.data.first && <NewWorkspace />}
    </div>
  );
}

type Props = { view: View; save: Save };

function Name({ view, save }: Props) {
  const [name, set] = useState(view.name);
  return (
    <Section title={copy.name} words={copy.nameWords}>
      <Form save={save} changed={name.trim() !== view.name && name.trim() !== ""} go={() => save.put({ name: name.trim() })}>
        <TextInput aria-label={copy.name} value={name} onChange={(event) => set(event.currentTarget.value)} maxLength={200} required withAsterisk={false} disabled={!save.owner} />
      </Form>
    </Section>
  );
}

const zones = Intl.supportedValuesOf("timeZone");

function OffPeak({ view, save }: Props) {
  const saved = view.settings.off_peak ?? null;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [on, setOn] = useState(saved !== null);
  const [hours, set] = useState(saved ?? { start: "22:00", end: "06:00", time_zone: here });
  const next = on ? hours : null;
  return (
    <Section title={copy.quiet.title} words={copy.quiet.words}>
      <Form save={save} changed={JSON.stringify(next) !== JSON.stringify(saved)} go={() => save.put({ settings: { off_peak: next } })}>
        <Switch label={copy.quiet.on} description={on ? undefined : copy.quiet.off} checked={on} onChange={(event) => setOn(event.currentTarget.checked)} disabled={!save.owner} />
        {on && (
          <div className={css.hours}>
            <TextInput type="time" label={copy.quiet.start} value={hours.start} required withAsterisk={false} disabled={!save.owner} onChange={(event) => set({ ...hours, start: event.currentTarget.value })} />
            <TextInput type="time" label={copy.quiet.end} value={hours.end} required withAsterisk={false} disabled={!save.owner} onChange={(event) => set({ ...hours, end: event.currentTarget.value })} />
            <Select
              label={copy.quiet.zone} value={hours.time_zone} data={zones.includes(hours.time_zone) ? zones : [hours.time_zone, ...zones]} searchable limit={80} allowDeselect={false}
              nothingFoundMessage={copy.quiet.zoneNone} disabled={!save.owner} onChange={(zone) => zone && set({ ...hours, time_zone: zone })}
            />
          </div>
        )}
      </Form>
    </Section>
  );
}

function Retention({ view, save }: Props) {
  const [days, set] = useState(String(view.settings.retention_days));
  const count = Number(days);
  const good = Number.isInteger(count) && count >= 1 && count <= 3650;
  return (
    <Section title={copy.retention.title} words={copy.retention.words}>
      <Form save={save} changed={good && count !== view.settings.retention_days} go={() => save.put({ settings: { retention_days: count } })}>
        <TextInput type="number" label={copy.retention.label} value={days} min={1} max={3650} step={1} w={140} required withAsterisk={false} disabled={!save.owner} onChange={(event) => set(event.currentTarget.value)} />
      </Form>
    </Section>
  );
}
