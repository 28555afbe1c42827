import { Button, Select } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { session } from "~/api/queries";
import type { Member, MemberChange } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import { notify, notifyError } from "~/shared/notify";
import { Pill } from "~/shared/ui/marks";
import { Failed, RowsWaiting } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { Invite } from "./Invite";
import { Invites } from "./Invites";
import { members, useOwner } from "./queries";
import { Head, Note } from "./Section";
import css from "./settings.module.css";

const copy = settings.team;

export function Team() {
  const owner = useOwner();
  const query = useQuery(members());
  const [inviting, setInviting] = useState(false);
  return (
    <div className={css.tabBody}>
      <Head title={copy.title} words={copy.words}>
        {owner && <Button leftSection={<IconUserPlus size={17} aria-hidden />} onClick={() => setInviting(true)}>{copy.invite}</Button>}
      </Head>
      {!owner && <Note>{copy.ownersOnly}</Note>}
      {query.isPending && <RowsWaiting count={3} />}
      {query.isError && !query.data && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data && <ul className={css.table}>{query.data.map((one) => <Row key={one.id} one={one} owner={owner} />)}</ul>}
      {owner && <Invites />}
      <Invite opened={inviting} close={() => setInviting(false)} />
    </div>
  );
}

function Row({ one, owner }: { one: Member; owner: boolean }) {
  const client = useQueryClient();
  const me = useQuery(session()).data?.user === one.id;
  const [confirming, setConfirming] = useState(false);
  const change = useMutation({
    mutationFn: (body: MemberChange) => unwrap(api.PATCH("/api/v1/members/{member_id}", { params: { path: { member_id: one.id } }, body })),
    onSuccess: async (_, body) => {
      await client.invalidateQueries({ queryKey: members().queryKey });
      setConfirming(false);
      if (body.role) notify(copy.roleChanged(one.name, body.role));
    },
    onError: notifyError,
  });
  const off = one.disabled_at !== null;
  return (
    <li className={css.row} data-off={off || undefined}>
      <span className={css.initials} aria-hidden>{initials(one.name || one.email)}</span>
      <div className={css.rowWords}>
        <strong className="ellipsis">{one.name}{me && <span className="soft"> ({copy.you})</span>}</strong>
        <span className="soft small ellipsis">{one.email}. {copy.joined(one.created_at)}</span>
      </div>
      {off && <Pill tone="no">{copy.disabled}</Pill>}
      {owner && !me && !off ? (
        <Select
          size="xs" w={116} aria-label={copy.roleOf(one.name)} value={one.role} allowDeselect={false} disabled={change.isPending}
          data={(["owner", "member"] as const).map((role) => ({ value: role, label: copy.roles[role] }))}
          onChange={(role) => role && role !== one.role && change.mutate({ role: role as Member["role"] })}
        />
      ) : (
        <span className="soft">{copy.roles[one.role]}</span>
      )}
      {owner && !me && (off ? (
        <Button size="xs" variant="default" loading={change.isPending} onClick={() => change.mutate({ disabled: false })}>{copy.enable}</Button>
      ) : (
        <Button size="xs" variant="subtle" color="no" onClick={() => setConfirming(true)}>{copy.disable}</Button>
      ))}
      <Confirm opened={confirming} close={() => setConfirming(false)} title={copy.ask.title(one.name)} words={copy.ask.words} action={copy.ask.action} busy={change.isPending} go={() => change.mutate({ disabled: true })} />
    </li>
  );
}

const initials = (name: string): string => name.split(/[\s@.]+/).filter(Boolean).slice(0, 2).map((word) => word[0]?.toUpperCase()).join("");
