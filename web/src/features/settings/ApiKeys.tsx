import { Button } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import type { ApiKey } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { notifyError } from "~/shared/notify";
import { Pill } from "~/shared/ui/marks";
import { Empty, Failed, RowsWaiting } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { MakeKey } from "./MakeKey";
import { apiKeys, useOwner } from "./queries";
import { Head, Note } from "./Section";
import css from "./settings.module.css";

const copy = settings.keys;

export function ApiKeys() {
  const owner = useOwner();
  const query = useQuery({ ...apiKeys(), enabled: owner });
  const [making, setMaking] = useState(false);
  const addButton = <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setMaking(true)}>{copy.make}</Button>;
  const none = query.data?.length === 0;
  return (
    <div className={css.tabBody}>
      <Head title={copy.title} words={copy.words}>{owner && !none && addButton}</Head>
      {!owner && <Note>{copy.ownersOnly}</Note>}
      {owner && query.isPending && <RowsWaiting count={3} />}
      {query.isError && !query.data && <Failed error={query.error} retry={() => void query.refetch()} />}
      {none && <Empty icon={<IconKey size={28} stroke={1.5} />} title={copy.none} words={copy.words}>{addButton}</Empty>}
      {query.data && !none && <ul className={css.table}>{[...query.data].sort(liveFirst).map((one) => <Row key={one.id} one={one} />)}</ul>}
      <MakeKey opened={making} close={() => setMaking(false)} />
    </div>
  );
}

const liveFirst = (a: ApiKey, b: ApiKey): number => Number(a.revoked_at !== null) - Number(b.revoked_at !== null);

function Row({ one }: { one: ApiKey }) {
  const client = useQueryClient();
  const [confirming, setConfirming] = useState(false);
  const revoke = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/keys/{key_id}", { params: { path: { key_id: one.id } } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: apiKeys().queryKey });
      setConfirming(false);
    },
    onError: notifyError,
  });
  const off = one.revoked_at !== null;
  return (
    <li className={css.row} data-off={off || undefined}>
      <span className={css.initials} aria-hidden><IconKey size={17} stroke={1.6} /></span>
      <div className={css.rowWords}>
        <strong className="ellipsis">{one.name}</strong>
        <span className="soft small ellipsis">{copy.created(common.ago(one.created_at))}, {one.last_used_at ? copy.used(common.ago(one.last_used_at)) : copy.unused}</span>
      </div>
      <span className={css.scopes}>{(["read", "write", "review", "admin"] as const).filter((scope) => one.scopes.includes(scope)).map((scope) => <Pill key={scope}>{copy.scopes[scope].name}</Pill>)}</span>
      {off ? <span className="soft">{copy.revoked}</span> : <Button size="xs" variant="subtle" color="no" onClick={() => setConfirming(true)}>{copy.revoke}</Button>}
      <Confirm opened={confirming} close={() => setConfirming(false)} title={copy.ask.title(one.name)} words={copy.ask.words} action={copy.ask.action} busy={revoke.isPending} go={() => revoke.mutate()} />
    </li>
  );
}
