/** What can be done with an open style: keep it, go on with it, take it away. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconArrowLeft, IconDots, IconPencil, IconCopyPlus, IconTrash, IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, got } from "~/api/client";
import { keys, templates } from "~/api/queries";
import type { Style, StyleChange } from "~/api/types";
import { styles as copy } from "~/shared/copy/styles";
import { useKeys } from "~/shared/keys";
import { say, sayFailed } from "~/shared/notify";
import { LinkButton } from "~/shared/ui/LinkButton";
import { DeleteStyle } from "./DeleteStyle";
import { forget, type Draft } from "./draft";
import { SaveStyle } from "./SaveStyle";
import css from "./editor.module.css";


export function Back() {
  const navigate = useNavigate();
  useKeys({
    // In a field Escape is the field's own.
    escape: (event) => event.target instanceof HTMLInputElement || void navigate({ to: "/styles", search: {} }),
  });
  return (
    <Link to="/styles" search={{}} className={css.back} aria-label={copy.back} title={copy.back}><IconArrowLeft size={20} stroke={1.8} aria-hidden /></Link>
  );
}

export function Deeds({ look, base, draft }: { look: Style; base: Style; draft: Draft }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [dialog, open] = useState<"" | "save" | "batch" | "rename" | "delete">("");
  const toBatch = (id: string) => void navigate({ to: "/batches/new", search: { style: id } });
  const put = (made: Style) =>
    client.setQueryData(templates().queryKey, (old) => old && (old.some((one) => one.id === made.id) ? old.map((one) => (one.id === made.id ? made : one)) : [...old, made]));

  const change = useMutation({
    mutationFn: (body: StyleChange) =>
      got(api.PATCH("/api/v1/templates/{template_id}", { params: { path: { template_id: look.id }, header: { "If-Match": `"${look.revision}"` } }, body })),
    onSuccess: (made) => {
      put(made);
      say(copy.save.saved(made.name));
      open("");
    },
    onError: (error) => {
      sayFailed(error);
      void client.invalidateQueries({ queryKey: keys.templates });
    },
  });
  const create = useMutation({
    mutationFn: (given: { name: string; words: string }) => got(api.POST("/api/v1/templates", { body: { ...given, base: look.base, options: draft.chosen } })),
    onSuccess: (made) => {
      put(made);
      draft.replace(look.chosen as Draft["chosen"]);
      forget(look.id);
      say(copy.save.saved(made.name));
      const then = dialog;
      open("");
      if (then === "batch") toBatch(made.id);
      else void navigate({ to: "/styles", search: { style: made.id }, replace: true });
    },
    onError: sayFailed,
  });
  const incomplete = look.base === "image" && !draft.chosen.picture; // the stage says so, and what to do
  const saveThenBatch = () => (look.shipped ? open("batch") : change.mutate({ options: draft.chosen }, { onSuccess: () => toBatch(look.id) }));
  return (
    <>
      {look.shipped ? (
        <Button variant="default" onClick={() => open("save")}>{copy.saveOwn}</Button>
      ) : (
        <Button variant="default" disabled={!draft.dirty} loading={change.isPending && dialog === ""} onClick={() => change.mutate({ options: draft.chosen })}>{copy.saveChanges}</Button>
      )}
      {incomplete ? (
        <Button disabled>{copy.batch}</Button>
      ) : draft.dirty ? (
        <Button onClick={saveThenBatch} disabled={change.isPending}>{copy.saveBatch}</Button>
      ) : (
        <LinkButton to="/batches/new" search={{ style: look.id }}>{copy.batch}</LinkButton>
      )}
      {(!look.shipped || draft.dirty) && (
        <Menu position="bottom-end" width={220} withinPortal={false}>
          <Menu.Target><ActionIcon variant="default" size={34} aria-label={copy.more}><IconDots size={18} aria-hidden /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            {draft.dirty && <Menu.Item leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => draft.replace(look.chosen as Draft["chosen"])}>{copy.undo}</Menu.Item>}
            {!look.shipped && (
              <>
                <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => open("rename")}>{copy.rename}</Menu.Item>
                <Menu.Item leftSection={<IconCopyPlus size={16} aria-hidden />} onClick={() => open("save")}>{copy.saveAnother}</Menu.Item>
                <Menu.Item style={{ color: "var(--no)" }} leftSection={<IconTrash size={16} aria-hidden />} onClick={() => open("delete")}>{copy.remove}</Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <SaveStyle opened={dialog === "save" || dialog === "batch"} close={() => open("")} title={copy.save.title} name="" words="" busy={create.isPending} save={create.mutate} />
      <SaveStyle opened={dialog === "rename"} close={() => open("")} title={copy.save.rename} name={look.name} words={look.words === base.words ? "" : look.words} busy={change.isPending} save={change.mutate} />
      <DeleteStyle opened={dialog === "delete"} close={() => open("")} look={look} />
    </>
  );
}
