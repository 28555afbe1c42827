/** Another workspace on this installation, for another shop or team: its name, and whom its first link is for. */
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { settings } from "~/shared/copy/settings";
import { explain } from "~/shared/errors";
import { CopyOnce } from "./CopyOnce";
import { Section } from "./Section";
import css from "./settings.module.css";

const copy = settings.workspace.another;

export function NewWorkspace() {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/workspaces", { body: { name: name.trim(), email: email.trim() } })),
  });
  const again = () => (make.reset(), setName(""), setEmail(""));
  return (
    <Section title={copy.title} words={copy.words}>
      {make.data ? (
        <div className={css.form} role="status">
          <p>{copy.ready(make.data.name, email.trim())}</p>
          <CopyOnce label={copy.link} words={settings.team.inviting.once} value={make.data.invitation.address} />
          <div className={css.actions}><Button variant="default" onClick={again}>{copy.done}</Button></div>
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => (event.preventDefault(), make.mutate())}>
          <TextInput label={copy.name} value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} maxLength={200} autoComplete="off" />
          <TextInput type="email" label={copy.email} value={email} onChange={(event) => setEmail(event.currentTarget.value)} required withAsterisk={false} maxLength={320} autoComplete="off" />
          {make.error && <p className={css.bad} role="alert">{explain(make.error).words} {explain(make.error).remedy}</p>}
          <div><Button type="submit" variant="default" loading={make.isPending} disabled={!name.trim()}>{copy.action}</Button></div>
        </form>
      )}
    </Section>
  );
}
