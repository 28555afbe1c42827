import { Button, Checkbox, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, got } from "~/api/client";
import type { ApiKeyRequest } from "~/api/types";
import { common } from "~/shared/copy/common";
import { settings } from "~/shared/copy/settings";
import { told } from "~/shared/ui/states";
import { CopyOnce } from "./CopyOnce";
import { apiKeys } from "./queries";
import css from "./settings.module.css";

const copy = settings.keys;
type Scope = ApiKeyRequest["scopes"][number];

export function MakeKey({ opened, close }: { opened: boolean; close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["read", "write"]);
  const make = useMutation({
    mutationFn: () => got(api.POST("/api/v1/keys", { body: { name: name.trim(), scopes: scopes as Scope[] } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: apiKeys().queryKey }),
  });
  const end = () => {
    close();
    setTimeout(() => (make.reset(), setName(""), setScopes(["read", "write"])), 250);
  };
  return (
    <Modal opened={opened} onClose={end} title={copy.making.title} size="lg" closeOnClickOutside={!make.data} closeOnEscape={!make.data}>
      {make.data ? (
        <div className={css.form}>
          <CopyOnce label={copy.making.key} words={copy.making.once} value={make.data.key} />
          <div className={css.deeds}><Button variant="default" onClick={end}>{copy.making.done}</Button></div>
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => (event.preventDefault(), scopes.length > 0 && make.mutate())}>
          <TextInput label={copy.making.name} description={copy.making.nameHint} value={name} onChange={(event) => setName(event.currentTarget.value)} required maxLength={200} data-autofocus autoComplete="off" />
          <Checkbox.Group label={copy.making.may} value={scopes} onChange={setScopes} error={scopes.length === 0 ? copy.making.none : undefined}>
            <div className={css.radios}>
              {(["read", "write", "review", "admin"] as const).map((one) => <Checkbox key={one} value={one} label={copy.scopes[one].name} description={copy.scopes[one].words} />)}
            </div>
          </Checkbox.Group>
          {make.error && <p className={css.bad} role="alert">{told(make.error).words} {told(make.error).remedy}</p>}
          <div className={css.deeds}>
            <Button variant="default" onClick={end}>{common.cancel}</Button>
            <Button type="submit" loading={make.isPending} disabled={scopes.length === 0}>{copy.making.deed}</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
