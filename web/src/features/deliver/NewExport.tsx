/** A delivery before it starts: its target, its channels, and exactly which files will go and which will not. */
import { Button, Checkbox } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, unwrap } from "~/api/client";
import { batch as oneBatch, batchStatus, channels as allChannels, keys } from "~/api/queries";
import type { Batch, ExportStarted } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { notifyError } from "~/shared/notify";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { newId } from "~/shared/id";
import { plan, type To } from "./queries";
import { useItems } from "./useItems";
import { TargetPicker, slug, requestOf, type Target } from "./Target";
import { PlannedFiles } from "./PlannedFiles";
import css from "./deliver.module.css";

export function NewExport({ id, manage }: { id: string; manage: () => void }) {
  const batch = useQuery(oneBatch(id));
  if (batch.isError && !batch.data) return <Failed error={batch.error} retry={() => void batch.refetch()} />;
  if (!batch.data) return <RowsWaiting count={4} height={90} />;
  return <Form batch={batch.data} manage={manage} />;
}

function Form({ batch, manage }: { batch: Batch; manage: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const counts = useQuery(batchStatus(batch.id)).data?.counts ?? batch.counts;
  const approved = counts.approved ?? 0;
  const [place, setPlace] = useState<Target>(() => ({ kind: "zip", folder: slug(batch.name), destination: "", prefix: "" }));
  const [off, setOff] = useState<readonly string[]>([]);
  const on = batch.channels.filter((one) => !off.includes(one));
  const whole = useQuery(plan(batch.id, null, approved));
  const part = useQuery({
    ...plan(batch.id, off.length === 0 ? null : on, approved), enabled: on.length > 0, placeholderData: keepPreviousData,
  });
  const items = useItems(batch.id);
  const names = useQuery(allChannels()).data;
  const nameOf = (channel: string) => names?.find((one) => one.id === channel)?.channel.name ?? channel;
  const key = useRef(newId()); // sent twice, it is done once
  const start = useMutation({
    mutationFn: async (to: To) =>
      (await unwrap(api.POST("/api/v1/exports", {
        body: { batch: batch.id, channels: off.length === 0 ? null : on, to, dry_run: false }, headers: { "Idempotency-Key": key.current },
      }))) as ExportStarted,
    onSuccess: (started) => {
      key.current = newId();
      void client.invalidateQueries({ queryKey: keys.exports });
      void navigate({ to: "/deliver", search: { export: started.job } });
    },
    onError: notifyError,
  });

  const to = requestOf(place);
  const planned = on.length > 0 ? part.data : undefined;
  const files = planned?.files_total ?? 0;
  const undecided = counts.review ?? 0;
  const perChannel = (channel: string) =>
    whole.data && whole.data.files_total <= whole.data.files.length ? copy.compose.count(whole.data.files.filter((one) => one.channel === channel).length) : "";
  return (
    <div className={css.compose}>
      <div className={css.choices}>
        <header className={css.head}>
          <h2>{batch.name}</h2>
          <p className="soft num">
            {copy.ready.approved(approved)}
            {undecided > 0 && <>. {copy.compose.undecided(undecided)} <Link to="/review/$batch" params={{ batch: batch.id }}>{copy.compose.review}</Link></>}
          </p>
        </header>
        <div className={css.fields}>
          <TargetPicker place={place} set={setPlace} manage={manage} />
          <Checkbox.Group
            label={copy.compose.channels} value={on} classNames={{ label: css.legend }}
            onChange={(chosen) => setOff(batch.channels.filter((one) => !chosen.includes(one)))}
          >
            <div className={css.channels}>
              {batch.channels.map((one) => (
                <div key={one} className={css.channel}>
                  <Checkbox value={one} label={nameOf(one)} />
                  <span className="soft small num">{perChannel(one)}</span>
                </div>
              ))}
            </div>
          </Checkbox.Group>
        </div>
        <footer className={css.go}>
          <p className="num" aria-live="polite">
            {on.length === 0 ? copy.compose.noChannel : planned ? (files > 0 ? copy.compose.sum(files, common.bytes(planned.bytes_total)) : approved > 0 ? copy.compose.noneFor : copy.compose.noneApproved) : copy.compose.planning}
          </p>
          <Button size="md" fullWidth disabled={files === 0 || !to || on.length === 0} loading={start.isPending} onClick={() => to && start.mutate(to)}>
            {files > 0 ? copy.compose.action(files) : copy.compose.noAction}
          </Button>
        </footer>
      </div>
      {part.isError && !part.data ? (
        <Failed error={part.error} retry={() => void part.refetch()} />
      ) : (
        <PlannedFiles planned={planned} items={items} nameOf={nameOf} dim={part.isPlaceholderData} />
      )}
    </div>
  );
}
