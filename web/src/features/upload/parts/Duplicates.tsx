/** Deletes the files that were in the library before, all at once, after a confirmation. */
import { Button, Group, Modal } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ApiError, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import { announce } from "~/shared/announce";
import { common } from "~/shared/copy/common";
import { upload as copy } from "~/shared/copy/upload";
import { notifyError } from "~/shared/notify";
import { remove } from "../engine";
import type { Entry } from "../engine/entry";
import { store, useSummary } from "../engine/store";

const words = copy.duplicates;
/** Only the very same file: what looks the same may be another shot. */
const isCopy = (entry: Entry | undefined): entry is Entry =>
  !!entry?.photo && entry.findings.some((one) => one.check === "duplicate" && one.value === 1);

export function Duplicates() {
  const client = useQueryClient();
  const { groups } = useSummary();
  const [confirming, setConfirming] = useState(false);
  const copies = groups.look.map(store.get).filter(isCopy);
  const drop = useMutation({
    mutationFn: async () => {
      for (const { id, photo } of copies) {
        try {
          if (photo) await unwrap(api.DELETE("/api/v1/images/{image_id}", { params: { path: { image_id: photo.id } } }));
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 404) throw error;
        }
        remove([id]);
      }
    },
    onSuccess: () => {
      announce(words.done);
      setConfirming(false);
    },
    onError: notifyError,
    onSettled: () => {
      for (const queryKey of [keys.photos, keys.products]) void client.invalidateQueries({ queryKey });
    },
  });
  if (copies.length === 0 && !confirming) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} stroke={1.7} aria-hidden />} onClick={() => setConfirming(true)}>{words.action(copies.length)}</Button>
      <Modal opened={confirming} onClose={() => setConfirming(false)} title={words.title(copies.length)}>
        <p>{words.words}</p>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setConfirming(false)}>{common.cancel}</Button>
          <Button color="no" loading={drop.isPending} onClick={() => drop.mutate()}>{words.confirm}</Button>
        </Group>
      </Modal>
    </>
  );
}
