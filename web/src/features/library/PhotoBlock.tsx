/** One photo's findings, role and name, and the actions on it. */
import { ActionIcon, Button, Group, Menu, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconDots, IconExternalLink, IconReplace, IconStar, IconTrash, IconUnlink } from "@tabler/icons-react";
import { useRef } from "react";
import type { Photo } from "~/api/types";
import { common } from "~/shared/copy/common";
import { productPage } from "~/shared/copy/library";
import { explain } from "~/shared/errors";
import { Findings } from "./Findings";
import { InlineField } from "./InlineField";
import type { ProductActions } from "./productActions";
import { PICTURES } from "./useUploadPhotos";
import css from "./product.module.css";

const copy = productPage.photo;

export function PhotoBlock({ photo, place, count, actions, step, main, detach, remove }: {
  photo: Photo; place: number; count: number; actions: ProductActions; step: (by: -1 | 1) => void; main: () => void; detach: () => void; remove: () => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const save = (body: { role?: string; name?: string }) => async (): Promise<string | null> => {
    try {
      await actions.changePhoto.mutateAsync({ photo, body });
      return null;
    } catch (error) {
      void actions.reload();
      return explain(error).words || explain(error).title;
    }
  };
  return (
    <section className={css.block} aria-labelledby="photo">
      <h2 id="photo">{copy.label}</h2>
      <Findings findings={photo.findings} />
      <div>
        <InlineField label={copy.role} value={photo.role} placeholder={productPage.roles.main} suggestions={productPage.roleIdeas} maxLength={40} save={(role) => save({ role })()} />
        <InlineField label={copy.name} value={photo.name} placeholder={productPage.empty} save={(name) => save({ name })()} />
        <p className={`${css.figures} num`}>{[copy.size(photo.width, photo.height), photo.format, common.bytes(photo.bytes), copy.profile(photo.profile)].join(" · ")}</p>
        <Group gap={6} mt={12} wrap="nowrap">
          <Tooltip label={copy.earlier}><ActionIcon variant="default" size={34} aria-label={copy.earlier} disabled={place === 0} onClick={() => step(-1)}><IconArrowLeft size={17} aria-hidden /></ActionIcon></Tooltip>
          <Tooltip label={copy.later}><ActionIcon variant="default" size={34} aria-label={copy.later} disabled={place === count - 1} onClick={() => step(1)}><IconArrowRight size={17} aria-hidden /></ActionIcon></Tooltip>
          <Button variant="default" px={12} style={{ flex: "none" }} leftSection={<IconReplace size={17} aria-hidden />} loading={actions.replace.isPending} onClick={() => input.current?.click()}>{copy.replace}</Button>
          <Menu position="top-end" width={230} withInitialFocusPlaceholder={false} portalProps={{ target: "#screen" }}>
            <Menu.Target><ActionIcon variant="default" size={34} aria-label={copy.actions}><IconDots size={17} aria-hidden /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconStar size={16} aria-hidden />} disabled={place === 0 && photo.role === "main"} onClick={main}>{copy.main}</Menu.Item>
              <Menu.Item component="a" href={photo.original} target="_blank" rel="noreferrer" leftSection={<IconExternalLink size={16} aria-hidden />}>{copy.original}</Menu.Item>
              <Menu.Divider />
              <Menu.Item leftSection={<IconUnlink size={16} aria-hidden />} onClick={detach}>{copy.takeOut}</Menu.Item>
              <Menu.Item c="var(--no)" leftSection={<IconTrash size={16} aria-hidden />} onClick={remove}>{copy.remove}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <input
            ref={input} type="file" accept={PICTURES} hidden
            onChange={(event) => {
              const file = event.target.files?.[0];
              if (file) actions.replace.mutate({ photo, file });
              event.target.value = "";
            }}
          />
        </Group>
      </div>
    </section>
  );
}
