/** Actions on an open style: save, make a batch, rename, delete. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconArrowLeft, IconDots, IconPencil, IconCopyPlus, IconTrash, IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "~/api/client";
import { keys, allStyles } from "~/api/queries";
import type { Style, StyleChange } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { useKeys } from "~/shared/keys";
import { notify, notifyError } from "~/shared/notify";
import { LinkButton } from "~/shared/ui/LinkButton";
import { DeleteStyle } from "./DeleteStyle";
import { forget, type Draft } from "./draft";
import { SaveStyle } from "./SaveStyle";
import css from "./editor.module.css";


export function Back() {
  const navigate = useNavigate();
  useKeys({
    // In a field, Escape belongs to the field.
    escape: (event) => event.target instanceof HTMLInputElement || void navigate({ to: "/styles", search: {} }),
  });
  return (
    <Link to="/styles" search={{}} className={css.back} aria-label={copy.back} title={copy.back}><IconArrowLeft size={20} stroke={1.8} aria-hidden /></Link>
  );
}

export function StyleActions({ style, base, draft }: { style: Style; base: Style; draft: Draft }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"" | "save" | "batch" | "rename" | "delete">("");
  const toBatch = (id: string) => void navigate({ to: "/batches/new", search: { style: id } });
  const put = (saved: Style) =>
    client.setQueryData(allStyles().queryKey, (old) => old && (old.some((one) => one.id === saved.id) ? old.map((one) => (one.id === saved.id ? saved : one)) : [...old, saved]));

  const change = useMutation({
    mutationFn: (body: StyleChange) =>
      unwrap(api.PATCH("/api/v1/styles/{style_id}", { params: { path: { style_id: style.id }, header: { "If-Match": `"${style.revision}"` } }, body })),
    onSuccess: (saved) => {
      put(saved);
      notify(copy.save.saved(saved.name));
      setDialog("");
    },
    onError: (error) => {
      notifyError(error);
      void client.invalidateQueries({ queryKey: keys.styles });
    },
  });
  const create = useMutation({
    mutationFn: (fields: { name: string; words: string }) => unwrap(api.POST("/api/v1/styles", { body: { ...fields, base: style.base, options: draft.chosen } })),
    onSuccess: (created) => {
      put(created);
      draft.replace(style.chosen as Draft["chosen"]);
      forget(style.id);
      notify(copy.save.saved(created.name));
      const then = dialog;
      setDialog("");
      if (then === "batch") toBatch(created.id);
      else void navigate({ to: "/styles", search: { style: created.id }, replace: true });
    },
    onError: notifyError,
  });
  const incomplete = style.base === "image" && !draft.chosen.picture; // the stage says what to do
  const saveThenBatch = () => (style.shipped ? setDialog("batch") : change.mutate({ options: draft.chosen }, { onSuccess: () => toBatch(style.id) }));
  return (
    <>
      {style.shipped ? (
        <Button variant="default" onClick={() => setDialog("save")}>{copy.saveOwn}</Button>
      ) : (
        <Button variant="default" disabled={!draft.dirty} loading={change.isPending && dialog === ""} onClick={() => change.mutate({ options: draft.chosen })}>{copy.saveChanges}</Button>
      )}
      {incomplete ? (
        <Button disabled>{copy.batch}</Button>
      ) : draft.dirty ? (
        <Button onClick={saveThenBatch} disabled={change.isPending}>{copy.saveBatch}</Button>
      ) : (
        <LinkButton to="/batches/new" search={{ style: style.id }}>{copy.batch}</LinkButton>
      )}
      {(!style.shipped || draft.dirty) && (
        <Menu position="bottom-end" width={220} withinPortal={false}>
          <Menu.Target><ActionIcon variant="default" size={34} aria-label={copy.more}><IconDots size={18} aria-hidden /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            {draft.dirty && <Menu.Item leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => draft.replace(style.chosen as Draft["chosen"])}>{copy.undo}</Menu.Item>}
            {!style.shipped && (
              <>
                <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setDialog("rename")}>{copy.rename}</Menu.Item>
                <Menu.Item leftSection={<IconCopyPlus size={16} aria-hidden />} onClick={() => setDialog("save")}>{copy.saveAnother}</Menu.Item>
                <Menu.Item style={{ color: "var(--no)" }} leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setDialog("delete")}>{copy.remove}</Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <SaveStyle opened={dialog === "save" || dialog === "batch"} close={() => setDialog("")} title={copy.save.title} name="" words="" busy={create.isPending} save={create.mutate} />
      <SaveStyle opened={dialog === "rename"} close={() => setDialog("")} title={copy.save.rename} name={style.name} words={style.words === base.words ? "" : style.words} busy={change.isPending} save={change.mutate} />
      <DeleteStyle opened={dialog === "delete"} close={() => setDialog("")} style={style} />
    </>
  );
}
