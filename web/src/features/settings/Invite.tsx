import { Button, Modal, Radio, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, got } from "~/api/client";
import type { Member } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { told } from "~/shared/ui/states";
import { CopyOnce } from "./CopyOnce";
import { invites } from "./queries";
import css from "./settings.module.css";

const copy = settings.team;
type Role = Member["role"];

export function Invite({ opened, close }: { opened: boolean; close: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => got(api.POST("/api/v1/members", { body: { email: email.trim(), role } })),
    onSuccess: () => client.invalidateQueries({ queryKey: invites().queryKey }),
  });
  const end = () => {
    close();
    // Not before it is out of sight: the window must not jump while it closes.
    setTimeout(() => (make.reset(), setEmail(""), setRole("member")), 250);
  };
  return (
    <Modal opened={opened} onClose={end} title={copy.inviting.title} closeOnClickOutside={!make.data} size="lg">
      {make.data ? (
        <div className={css.form}>
          <p>{copy.inviting.ready(email.trim())}</p>
          <CopyOnce label={copy.inviting.link} words={copy.inviting.once} value={make.data.address} />
          <div className={css.deeds}><Button variant="default" onClick={end}>{copy.inviting.done}</Button></div>
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => (event.preventDefault(), make.mutate())}>
          <TextInput type="email" label={copy.inviting.email} value={email} onChange={(event) => setEmail(event.currentTarget.value)} required maxLength={320} data-autofocus autoComplete="off" />
          <Radio.Group label={copy.inviting.role} value={role} onChange={(value) => setRole(value as Role)}>
            <div className={css.radios}>
              {(["member", "owner"] as const).map((one) => <Radio key={one} value={one} label={copy.roles[one]} description={copy.roleWords[one]} />)}
            </div>
          </Radio.Group>
          {make.error && <p className={css.bad} role="alert">{told(make.error).words} {told(make.error).remedy}</p>}
          <div className={css.deeds}>
            <Button variant="default" onClick={end}>{common.cancel}</Button>
            <Button type="submit" loading={make.isPending}>{copy.inviting.deed}</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
