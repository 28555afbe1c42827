/** Buckets to deliver to: a list with a test for each, or the form of one. */
import { Button, Modal } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { session } from "~/api/queries";
import type { Destination } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { sentence } from "~/shared/errors";
import { notifyError } from "~/shared/notify";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { DestinationForm } from "./DestinationForm";
import { destinations, destinationsKey } from "./queries";
import css from "./deliver.module.css";

const words = copy.dest;

export function Destinations({ opened, close }: { opened: boolean; close: () => void }) {
  const [form, setForm] = useState<Destination | "new" | null>(null);
  const [savedId, setSavedId] = useState("");
  return (
    <Modal opened={opened} onClose={close} title={form === null ? words.title : form === "new" ? words.add : form.name} size="lg">
      {form === null ? (
        <All open={setForm} savedId={savedId} />
      ) : (
        <DestinationForm one={form === "new" ? null : form} back={() => setForm(null)} saved={(id) => (setSavedId(id), setForm(null))} />
      )}
    </Modal>
  );
}

/** `savedId`: was saved just now and is tested at once. */
function All({ open, savedId }: { open: (one: Destination | "new") => void; savedId: string }) {
  const owner = useQuery(session()).data?.role === "owner";
  const query = useQuery(destinations());
  return (
    <div className={css.dests}>
      <p className="soft">{words.words}{!owner && ` ${words.ownersOnly}`}</p>
      {query.isPending && <RowsWaiting count={2} />}
      {query.isError && !query.data && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data?.length === 0 && <p>{words.none}</p>}
      <ul className={css.destList}>
        {query.data?.map((one) => <Row key={one.id} one={one} owner={owner} edit={() => open(one)} isNew={savedId === one.id} />)}
      </ul>
      {owner && <Button variant={query.data?.length ? "default" : "filled"} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => open("new")}>{words.add}</Button>}
    </div>
  );
}

function Row({ one, owner, edit, isNew }: { one: Destination; owner: boolean; edit: () => void; isNew: boolean }) {
  const client = useQueryClient();
  const [confirming, setConfirming] = useState(false);
  const path = { params: { path: { destination_id: one.id } } };
  const test = useQuery({ queryKey: ["destination-test", one.id], queryFn: () => unwrap(api.POST("/api/v1/destinations/{destination_id}/test", path)), enabled: isNew && owner, staleTime: Infinity, retry: false });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/destinations/{destination_id}", path)),
    onSuccess: () => void client.invalidateQueries({ queryKey: destinationsKey }),
    onError: notifyError,
  });
  return (
    <li className={css.dest}>
      <div className={css.destTop}>
        <div className={css.rowWords}>
          <strong className="ellipsis">{one.name}</strong>
          <span className="soft small ellipsis">{words.place(one.bucket, one.prefix)}{one.endpoint && `, ${one.endpoint.replace(/^https?:\/\//, "")}`}</span>
        </div>
        {owner && !confirming && (
          <>
            <Button size="xs" variant="default" loading={test.isFetching} onClick={() => void test.refetch()}>{words.test}</Button>
            <Button size="xs" variant="default" onClick={edit}>{words.edit}</Button>
            <Button size="xs" variant="subtle" color="no" onClick={() => setConfirming(true)}>{words.remove}</Button>
          </>
        )}
      </div>
      <div aria-live="polite">
        {test.isError && <p className={css.bad}>{sentence(test.error.message)}</p>}
        {test.data && !test.isFetching && (
          <p className={css.tested} data-ok={test.data.ok || undefined}>
            {test.data.ok ? <IconCheck size={16} stroke={2.2} aria-hidden /> : <IconAlertTriangle size={16} stroke={2} aria-hidden />}
            {test.data.ok ? words.ok : sentence(test.data.words)}
          </p>
        )}
      </div>
      {confirming && (
        <div className={css.asking} role="alertdialog" aria-label={words.delete.title(one.name)}>
          <p><strong>{words.delete.title(one.name)}</strong> {words.delete.words}</p>
          <Button size="xs" variant="default" onClick={() => setConfirming(false)}>{common.cancel}</Button>
          <Button size="xs" color="no" loading={remove.isPending} onClick={() => remove.mutate()}>{words.delete.action}</Button>
        </div>
      )}
    </li>
  );
}
