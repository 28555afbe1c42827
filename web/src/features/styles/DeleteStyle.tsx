import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, got } from "~/api/client";
import { templates } from "~/api/queries";
import type { Style } from "~/api/types";
import { common } from "~/shared/copy/common";
import { styles as copy } from "~/shared/copy/styles";
import { say, sayFailed } from "~/shared/notify";
import { forget } from "./draft";
import css from "./styles.module.css";

export function DeleteStyle({ opened, close, look }: { opened: boolean; close: () => void; look: Style }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => got(api.DELETE("/api/v1/templates/{template_id}", { params: { path: { template_id: look.id } } })),
    onSuccess: () => {
      forget(look.id);
      void navigate({ to: "/styles", search: {} }).then(() =>
        client.setQueryData(templates().queryKey, (old) => old?.filter((one) => one.id !== look.id)));
      say(copy.delete.done(look.name));
    },
    onError: sayFailed,
  });
  return (
    <Modal opened={opened} onClose={close} title={copy.delete.title(look.name)}>
      <p>{copy.delete.words}</p>
      <div className={css.formDeeds}>
        <Button variant="default" onClick={close} data-autofocus>{common.cancel}</Button>
        <Button color="no" loading={remove.isPending} onClick={() => remove.mutate()}>{copy.delete.deed}</Button>
      </div>
    </Modal>
  );
}
