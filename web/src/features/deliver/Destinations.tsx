/** Buckets to deliver to: all of them, tested with a press; one as a form. */
import { Button, Modal } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, got } from "~/api/client";
import { session } from "~/api/queries";
import type { Destination } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { sayFailed } from "~/shared/notify";
import { Failed, RowsWaiting, sentence } from "~/shared/ui/states";
import { DestinationForm } from "./DestinationForm";
import { destinations, destinationsKey } from "./queries";
import css from "./deliver.module.css";

const words = copy.dest;

export function Destinations({ opened, close }: { opened: boolean; close: () => void }) {
  const [form, open] = useState<Destination | "new" | null>(null);
  const [fresh, setFresh] = useState("");
  return (
    <Modal opened={opened} onClose={close} title={form === null ? words.title : form === "new" ? words.add : form.name} size="lg">
      {form === null ? (
        <All open={open} fresh={fresh} />
      ) : (
        <DestinationForm one={form === "new" ? null : form} back={() => open(null)} saved={(id) => (setFresh(id), open(null))} />
      )}
    </Modal>
  );
}

/** `fresh`: it was saved just now and is tested at once. */
function All({ open, fresh }: { open: (one: Destination | "new") => void; fresh: string }) {
  const owner = useQuery(session()).data?.role === "owner";
  const asked = useQuery(destinations());
  return (
    <div className={css.dests}>
      <p className="soft">{words.words}{!owner && ` ${words.ownersOnly}`}</p>
      {asked.isPending && <RowsWaiting count={2} />}
      {asked.isError && !asked.data && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {asked.data?.length === 0 && <p>{words.none}</p>}
      <ul className={css.destList}>
        {asked.data?.map((one) => <Row key={one.id} one={one} owner={owner} edit={() => open(one)} fresh={fresh === one.id} />)}
      </ul>
      {owner && <Button variant={asked.data?.length ? "default" : "filled"} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => open("new")}>{words.add}</Button>}
    </div>
  );
}

function Row({ one, owner, edit, fresh }: { one: Destination; owner: boolean; edit: () => void; fresh: boolean }) {
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const path = { params: { path: { destination_id: one.id } } };
  const tested = useQuery({ queryKey: ["destination-test", one.id], queryFn: () => got(api.POST("/api/v1/destinations/{destination_id}/test", path)), enabled: fresh && owner, staleTime: Infinity, retry: false });
  const remove = useMutation({
    mutationFn: () => got(api.DELETE("/api/v1/destinations/{destination_id}", path)),
    onSuccess: () => void client.invalidateQueries({ queryKey: destinationsKey }),
    onError: sayFailed,
  });
  return (
    <li className={css.dest}>
      <div className={css.destTop}>
        <div className={css.rowWords}>
          <strong className="ellipsis">{one.name}</strong>
          <span className="soft small ellipsis">{words.place(one.bucket, one.prefix)}{one.endpoint && `, ${one.endpoint.replace(/^https?:\/\//, "")}`}</span>
        </div>
        {owner && !asking && (
          <>
            <Button size="xs" variant="default" loading={tested.isFetching} onClick={() => void tested.refetch()}>{words.test}</Button>
            <Button size="xs" variant="default" onClick={edit}>{words.edit}</Button>
            <Button size="xs" variant="subtle" color="no" onClick={() => ask(true)}>{words.remove}</Button>
          </>
        )}
      </div>
      <div aria-live="polite">
        {tested.isError && <p className={css.bad}>{sentence(tested.error.message)}</p>}
        {tested.data && !tested.isFetching && (
          <p className={css.tested} data-ok={tested.data.ok || undefined}>
            {tested.data.ok ? <IconCheck size={16} stroke={2.2} aria-hidden /> : <IconAlertTriangle size={16} stroke={2} aria-hidden />}
            {tested.data.ok ? words.ok : sentence(tested.data.words)}
          </p>
        )}
      </div>
      {asking && (
        <div className={css.asking} role="alertdialog" aria-label={words.delete.title(one.name)}>
          <p><strong>{words.delete.title(one.name)}</strong> {words.delete.words}</p>
          <Button size="xs" variant="default" onClick={() => ask(false)}>{common.cancel}</Button>
          <Button size="xs" color="no" loading={remove.isPending} onClick={() => remove.mutate()}>{words.delete.deed}</Button>
        </div>
      )}
    </li>
  );
}
