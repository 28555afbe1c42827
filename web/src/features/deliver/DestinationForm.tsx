import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import type { Destination, DestinationRequest } from "~/api/types";
import { common } from "~/shared/copy/common";
import { deliver as copy } from "~/shared/copy/deliver";
import { explain } from "~/shared/errors";
import { notify } from "~/shared/notify";
import { destinationsKey } from "./queries";
import css from "./deliver.module.css";

const words = copy.dest;

/** The API never returns the secret, so whoever changes anything enters it again. */
export function DestinationForm({ one, back, saved }: { one: Destination | null; back: () => void; saved: (id: string) => void }) {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (body: DestinationRequest) =>
      unwrap(one ? api.PUT("/api/v1/destinations/{destination_id}", { params: { path: { destination_id: one.id } }, body }) : api.POST("/api/v1/destinations", { body })),
    onSuccess: async (destination) => {
      client.removeQueries({ queryKey: ["destination-test", destination.id] });
      await client.invalidateQueries({ queryKey: destinationsKey });
      notify(words.saved(destination.name));
      saved(destination.id);
    },
  });
  return (
    <form
      className={css.destForm}
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const text = (name: string) => String(form.get(name) ?? "").trim();
        save.mutate({
          name: text("name"), bucket: text("bucket"), prefix: text("prefix"), region: text("region") || "us-east-1", endpoint: text("endpoint"),
          access_key_id: text("access_key_id"), secret_access_key: text("secret_access_key"),
        });
      }}
    >
      <TextInput name="name" label={words.name} description={words.nameHint} defaultValue={one?.name} required maxLength={200} data-autofocus />
      <div className={css.pair}>
        <TextInput name="bucket" label={words.bucket} defaultValue={one?.bucket} required pattern="[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]" title={words.bucketBad} spellCheck={false} />
        <TextInput name="region" label={words.region} defaultValue={one?.region ?? "us-east-1"} required pattern="[a-z0-9\-]{1,40}" spellCheck={false} />
      </div>
      <TextInput name="prefix" label={words.prefix} description={words.prefixHint} defaultValue={one?.prefix} maxLength={200} spellCheck={false} />
      <TextInput name="endpoint" type="url" label={words.endpoint} description={words.endpointHint} defaultValue={one?.endpoint} maxLength={300} spellCheck={false} />
      <TextInput name="access_key_id" label={words.keyId} defaultValue={one?.access_key_id} required maxLength={200} autoComplete="off" spellCheck={false} />
      <PasswordInput name="secret_access_key" label={words.secret} description={one ? words.secretAgain : words.secretHint} required maxLength={400} autoComplete="new-password" />
      {save.error && <p className={css.bad} role="alert">{explain(save.error).words} {explain(save.error).remedy}</p>}
      <div className={css.formActions}>
        <Button variant="default" onClick={back}>{common.cancel}</Button>
        <Button type="submit" loading={save.isPending}>{words.save}</Button>
      </div>
    </form>
  );
}
