import { Button, Modal, Radio, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import type { Member } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { explain } from "~/shared/errors";
import { CopyOnce } from "./CopyOnce";
import { invites } from "./queries";
import css from "./settings.module.css";

const copy = settings.team;
type Role = Member["role"];

export function Invite({ opened, close }: { opened: boolean; close: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/members", { body: { email: email.trim(), role } })),
    onSuccess: () => client.invalidateQueries({ queryKey: invites().queryKey }),
  });
  const end = () => {
    close();
    // Not before it is out of sight: the window must not jump while it closes.
    setTimeout(() => (create.reset(), setEmail(""), setRole("member")), 250);
  };
  return (
    <Modal opened={opened} onClose={end} title={copy.inviting.title} closeOnClickOutside={!create.data} size="lg">
      {create.data ? (
        <div className={css.form}>
          <p>{copy.inviting.ready(email.trim())}</p>
          <CopyOnce label={copy.inviting.link} words={copy.inviting.once} value={create.data.address} />
          <div className={css.actions}><Button variant="default" onClick={end}>{copy.inviting.done}</Button></div>
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => (event.preventDefault(), create.mutate())}>
          <TextInput type="email" label={copy.inviting.email} value={email} onChange={(event) => setEmail(event.currentTarget.value)} required maxLength={320} data-autofocus autoComplete="off" />
          <Radio.Group label={copy.inviting.role} value={role} onChange={(value) => setRole(value as Role)}>
            <div className={css.radios}>
              {(["member", "owner"] as const).map((one) => <Radio key={one} value={one} label={copy.roles[one]} description={copy.roleWords[one]} />)}
            </div>
          </Radio.Group>
          {create.error && <p className={css.bad} role="alert">{explain(create.error).words} {explain(create.error).remedy}</p>}
          <div className={css.actions}>
            <Button variant="default" onClick={end}>{common.cancel}</Button>
            <Button type="submit" loading={create.isPending}>{copy.inviting.action}</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
