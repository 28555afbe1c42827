import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, unwrap } from "~/api/client";
import { allStyles } from "~/api/queries";
import type { Style } from "~/api/types";
import { common } from "~/shared/copy/common";
import { styles as copy } from "~/shared/copy/styles";
import { notify, notifyError } from "~/shared/notify";
import { forget } from "./draft";
import css from "./styles.module.css";

export function DeleteStyle({ opened, close, style }: { opened: boolean; close: () => void; style: Style }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/styles/{style_id}", { params: { path: { style_id: style.id } } })),
    onSuccess: () => {
      forget(style.id);
      void navigate({ to: "/styles", search: {} }).then(() =>
        client.setQueryData(allStyles().queryKey, (old) => old?.filter((one) => one.id !== style.id)));
      notify(copy.delete.done(style.name));
    },
    onError: notifyError,
  });
  return (
    <Modal opened={opened} onClose={close} title={copy.delete.title(style.name)}>
      <p>{copy.delete.words}</p>
      <div className={css.formActions}>
        <Button variant="default" onClick={close} data-autofocus>{common.cancel}</Button>
        <Button color="no" loading={remove.isPending} onClick={() => remove.mutate()}>{copy.delete.action}</Button>
      </div>
    </Modal>
  );
}
