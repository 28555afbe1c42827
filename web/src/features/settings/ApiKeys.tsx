import { Button } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, got } from "~/api/client";
import type { ApiKey } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { sayFailed } from "~/shared/notify";
import { Pill } from "~/shared/ui/marks";
import { Empty, Failed, RowsWaiting } from "~/shared/ui/states";
import { Ask } from "./Ask";
import { MakeKey } from "./MakeKey";
import { apiKeys, useOwner } from "./queries";
import { Head, Note } from "./Section";
import css from "./settings.module.css";

const copy = settings.keys;

export function ApiKeys() {
  const owner = useOwner();
  const asked = useQuery({ ...apiKeys(), enabled: owner });
  const [making, make] = useState(false);
  const adds = <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => make(true)}>{copy.make}</Button>;
  const none = asked.data?.length === 0;
  return (
    <div className={css.tabBody}>
      <Head title={copy.title} words={copy.words}>{owner && !none && adds}</Head>
      {!owner && <Note>{copy.ownersOnly}</Note>}
      {owner && asked.isPending && <RowsWaiting count={3} />}
      {asked.isError && !asked.data && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {none && <Empty icon={<IconKey size={28} stroke={1.5} />} title={copy.none} words={copy.words}>{adds}</Empty>}
      {asked.data && !none && <ul className={css.table}>{[...asked.data].sort(liveFirst).map((one) => <Row key={one.id} one={one} />)}</ul>}
      <MakeKey opened={making} close={() => make(false)} />
    </div>
  );
}

const liveFirst = (a: ApiKey, b: ApiKey): number => Number(a.revoked_at !== null) - Number(b.revoked_at !== null);

function Row({ one }: { one: ApiKey }) {
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const revoke = useMutation({
    mutationFn: () => got(api.DELETE("/api/v1/keys/{key_id}", { params: { path: { key_id: one.id } } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: apiKeys().queryKey });
      ask(false);
    },
    onError: sayFailed,
  });
  const off = one.revoked_at !== null;
  return (
    <li className={css.row} data-off={off || undefined}>
      <span className={css.initials} aria-hidden><IconKey size={17} stroke={1.6} /></span>
      <div className={css.rowWords}>
        <strong className="ellipsis">{one.name}</strong>
        <span className="soft small ellipsis">{copy.made(common.ago(one.created_at))}, {one.last_used_at ? copy.used(common.ago(one.last_used_at)) : copy.unused}</span>
      </div>
      <span className={css.scopes}>{(["read", "write", "review", "admin"] as const).filter((scope) => one.scopes.includes(scope)).map((scope) => <Pill key={scope}>{copy.scopes[scope].name}</Pill>)}</span>
      {off ? <span className="soft">{copy.revoked}</span> : <Button size="xs" variant="subtle" color="no" onClick={() => ask(true)}>{copy.revoke}</Button>}
      <Ask opened={asking} close={() => ask(false)} title={copy.ask.title(one.name)} words={copy.ask.words} deed={copy.ask.deed} busy={revoke.isPending} go={() => revoke.mutate()} />
    </li>
  );
}
