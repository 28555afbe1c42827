/** One delivery: its progress, its files with their status, and where they are. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconDownload, IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Delivery, Export, ExportRequest, ExportStarted } from "~/api/types";
import { announce } from "~/shared/announce";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { sentence } from "~/shared/errors";
import { cancelJob, isOpen, jobQuery } from "~/shared/jobs";
import { notify, notifyError } from "~/shared/notify";
import { Bar, Status } from "~/shared/ui/marks";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { Files } from "./Files";
import { destinations, filesKey, oneExport } from "./queries";
import { BatchName, KindIcon } from "./Side";
import css from "./deliver.module.css";

const words = copy.one;

export function OneExport({ id }: { id: string }) {
  const query = useQuery(oneExport(id));
  if (query.isError && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <RowsWaiting count={3} height={90} />;
  return <ExportDetails one={query.data} />;
}

function ExportDetails({ one }: { one: Export }) {
  const client = useQueryClient();
  const open = isOpen(one);
  const wasOpen = useRef(open);
  // Live messages update the delivery; its files are reloaded after it.
  useEffect(() => void client.invalidateQueries({ queryKey: filesKey(one.id) }, { cancelRefetch: false }), [client, one.id, one.done, one.status]);
  useEffect(() => {
    if (wasOpen.current && one.status === "done") announce(words.announceDone(one.delivered));
    wasOpen.current = open;
  }, [open, one.status, one.delivered]);
  return (
    <div className={css.one}>
      <header className={css.oneHead}>
        <KindIcon kind={String(one.to.kind)} size={26} />
        <div className={css.oneWords}>
          <h2 className="ellipsis"><BatchName id={one.batch} /></h2>
          <p className="soft"><Place to={one.to} />. {words.by(common.ago(one.created_at))}.</p>
        </div>
        {open && <Status of={one.status} />}
        {open && <Stop id={one.id} />}
        {!open && one.batch && <LinkButton to="/deliver" search={{ batch: one.batch }} variant="default" leftSection={<IconRefresh size={16} aria-hidden />}>{words.again}</LinkButton>}
      </header>
      <Result one={one} />
      <Files one={one} />
    </div>
  );
}

function Place({ to }: { to: Export["to"] }) {
  const all = useQuery({ ...destinations(), enabled: to.kind === "s3" }).data;
  const text = (name: string) => (typeof to[name] === "string" ? to[name] : "");
  if (to.kind === "zip") return words.to.zip;
  if (to.kind === "folder") return words.to.folder(text("folder"));
  const name = all?.find((one) => one.id === to.destination)?.name ?? "";
  return words.to.s3([name, text("prefix")].filter(Boolean).join("/"));
}

function Result({ one }: { one: Export }) {
  if (isOpen(one)) return <Progress one={one} />;
  const bad = one.status === "failed" || one.failed > 0;
  return (
    <div className={css.result}>
      <div className={css.outcome} data-tone={bad || one.status === "cancelled" ? "no" : "ok"}>
        {bad ? <IconAlertTriangle size={22} stroke={1.7} aria-hidden /> : <IconCircleCheck size={22} stroke={1.7} aria-hidden />}
        <div>
          <h3>{outcome(one)}</h3>
          {one.error && <p role="alert">{sentence(one.error)}</p>}
          {(one.status !== "done" || one.failed > 0) && one.total > 0 && <p className="num">{words.doneSome(one.delivered, one.total)}</p>}
          {one.left_out.length > 0 && <p className="soft small">{words.leftOut(one.left_out.length)}</p>}
        </div>
        {one.failed > 0 && <RetryFailed one={one} />}
        {one.to.kind === "zip" && one.status === "done" && <Zip one={one} />}
      </div>
    </div>
  );
}

function Progress({ one }: { one: Export }) {
  // The export's job also counts what is packed into a ZIP that is not whole yet.
  const done = Math.max(useQuery(jobQuery(one.id)).data?.done ?? 0, one.done);
  return (
    <div className={css.result} role="status">
      <p className="num">{one.total > 0 ? words.progress(done, one.total) : one.status === "queued" ? words.waiting : words.preparing}</p>
      <Bar
        parts={[
          { value: one.delivered, tone: "ok", words: words.tones.delivered }, { value: done - one.done, tone: "busy", words: words.tones.packed },
          { value: one.failed, tone: "no", words: words.tones.failed },
        ]}
        total={one.total} label={words.progress(done, one.total)}
      />
    </div>
  );
}

function outcome(one: Export): string {
  if (one.status === "cancelled") return words.cancelled;
  if (one.status === "failed") return words.failedWhole;
  if (one.failed > 0) return words.failed(one.failed);
  return one.delivered > 0 ? words.done(one.delivered) : words.nothing;
}

function Zip({ one }: { one: Export }) {
  const expired = !one.zip || (one.zip_expires_at !== null && Date.parse(one.zip_expires_at) < Date.now());
  // A link is valid for an hour, and a page may be open for longer: a new one is requested.
  const download = useMutation({
    mutationFn: () => unwrap(api.GET("/api/v1/exports/{export_id}", { params: { path: { export_id: one.id }, query: { limit: 1 } } })),
    onSuccess: ({ export: current }) => {
      const link = document.createElement("a");
      link.href = current.zip;
      link.download = "";
      link.click();
    },
    onError: notifyError,
  });
  if (expired) return <p className="soft small">{words.expired}</p>;
  return (
    <div className={css.zip}>
      <Button leftSection={<IconDownload size={17} aria-hidden />} loading={download.isPending} onClick={() => download.mutate()}>{words.download}</Button>
      {one.zip_expires_at && <span className="soft small">{words.holds(one.zip_expires_at)}</span>}
    </div>
  );
}

function Stop({ id }: { id: string }) {
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: () => cancelJob(id),
    onSuccess: () => {
      notify(words.stopped);
      void client.invalidateQueries({ queryKey: keys.exports });
    },
    onError: notifyError,
  });
  return <Button variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>{words.stop}</Button>;
}

/** Delivers the files that did not arrive, to the same target. */
function RetryFailed({ one }: { one: Export }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const retry = useMutation({
    mutationFn: async () => {
      const failed: Delivery[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await unwrap(api.GET("/api/v1/exports/{export_id}", { params: { path: { export_id: one.id }, query: { cursor, limit: 200 } } }));
        failed.push(...page.files.filter((file) => file.status === "failed"));
        if (!page.next_cursor) break;
        cursor = page.next_cursor;
      }
      const body = {
        items: [...new Set(failed.map((file) => file.item))], channels: [...new Set(failed.map((file) => file.channel))],
        to: one.to as ExportRequest["to"], dry_run: false,
      };
      return (await unwrap(api.POST("/api/v1/exports", { body, headers: { "Idempotency-Key": `again-${one.id}` } }))) as ExportStarted;
    },
    onSuccess: (started) => {
      void client.invalidateQueries({ queryKey: keys.exports });
      void navigate({ to: "/deliver", search: { export: started.job } });
    },
    onError: notifyError,
  });
  return <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>{words.retry}</Button>;
}
