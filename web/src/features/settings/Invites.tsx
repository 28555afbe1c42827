/** Invitations that nobody has accepted yet. */
import { Button } from "@mantine/core";
import { IconMail } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, unwrap } from "~/api/client";
import type { Invite } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { notify, notifyError } from "~/shared/notify";
import { Failed } from "~/shared/ui/states";
import { Confirm } from "./Confirm";
import { invites, members } from "./queries";
import css from "./settings.module.css";

const copy = settings.team.invited;

export function Invites() {
  const query = useQuery(invites());
  if (query.isError && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data || query.data.length === 0) return null;
  return (
    <section aria-labelledby="invited" style={{ display: "grid", gap: 10, marginTop: 8 }}>
      <h3 id="invited">{copy.title}</h3>
      <ul className={css.table}>{query.data.map((one) => <Row key={one.id} one={one} />)}</ul>
    </section>
  );
}

function Row({ one }: { one: Invite }) {
  const client = useQueryClient();
  const [confirming, setConfirming] = useState(false);
  const withdraw = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/invites/{invite_id}", { params: { path: { invite_id: one.id } } })),
    onSuccess: () => notify(copy.done(one.email)),
    onError: (error) => (error instanceof ApiError && error.status === 404 ? notify(copy.late(one.email)) : notifyError(error)),
    onSettled: () => {
      setConfirming(false);
      for (const { queryKey } of [invites(), members()]) void client.invalidateQueries({ queryKey });
    },
  });
  return (
    <li className={css.row}>
      <span className={css.initials} aria-hidden><IconMail size={17} stroke={1.6} /></span>
      <div className={css.rowWords}>
        <strong className="ellipsis">{one.email}</strong>
        <span className="soft small ellipsis">{copy.sent(common.ago(one.created_at), one.expires_at)}</span>
      </div>
      <span className="soft">{settings.team.roles[one.role]}</span>
      <Button size="xs" variant="subtle" color="no" aria-label={copy.withdrawOf(one.email)} onClick={() => setConfirming(true)}>{copy.withdraw}</Button>
      <Confirm opened={confirming} close={() => setConfirming(false)} title={copy.ask.title(one.email)} words={copy.ask.words} action={copy.ask.action} busy={withdraw.isPending} go={() => withdraw.mutate()} />
    </li>
  );
}
