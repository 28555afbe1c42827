import { Button, Checkbox, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import type { ApiKeyRequest } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { explain } from "~/shared/errors";
import { CopyOnce } from "./CopyOnce";
import { apiKeys } from "./queries";
import css from "./settings.module.css";

const copy = settings.keys;
type Scope = ApiKeyRequest["scopes"][number];

export function MakeKey({ opened, close }: { opened: boolean; close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["read", "write"]);
  const create = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/keys", { body: { name: name.trim(), scopes: scopes as Scope[] } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: apiKeys().queryKey }),
  });
  const end = () => {
    close();
    setTimeout(() => (create.reset(), setName(""), setScopes(["read", "write"])), 250);
  };
  return (
    <Modal opened={opened} onClose={end} title={copy.making.title} size="lg" closeOnClickOutside={!create.data} closeOnEscape={!create.data}>
      {create.data ? (
        <div className={css.form}>
          <CopyOnce label={copy.making.key} words={copy.making.once} value={create.data.key} />
          <div className={css.actions}><Button variant="default" onClick={end}>{copy.making.done}</Button></div>
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => (event.preventDefault(), scopes.length > 0 && create.mutate())}>
          <TextInput label={copy.making.name} description={copy.making.nameHint} value={name} onChange={(event) => setName(event.currentTarget.value)} required maxLength={200} data-autofocus autoComplete="off" />
          <Checkbox.Group label={copy.making.may} value={scopes} onChange={setScopes} error={scopes.length === 0 ? copy.making.none : undefined}>
            <div className={css.radios}>
              {(["read", "write", "review", "admin"] as const).map((one) => <Checkbox key={one} value={one} label={copy.scopes[one].name} description={copy.scopes[one].words} />)}
            </div>
          </Checkbox.Group>
          {create.error && <p className={css.bad} role="alert">{explain(create.error).words} {explain(create.error).remedy}</p>}
          <div className={css.actions}>
            <Button variant="default" onClick={end}>{common.cancel}</Button>
            <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>{copy.making.action}</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
