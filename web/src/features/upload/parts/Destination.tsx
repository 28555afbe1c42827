/** The collection that the products go into: one of the tree, none, or a new one. */
import { Button, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, unwrap } from "~/api/client";
import { collections, keys } from "~/api/queries";
import type { Place } from "~/api/types";
import { announce } from "~/shared/announce";
import { common } from "~/shared/copy/common";
import { collectionKinds } from "~/shared/copy/statuses";
import { upload as copy } from "~/shared/copy/upload";
import { notifyError } from "~/shared/notify";
import { changeSettings, useSettings } from "../engine/settings";
import css from "../upload.module.css";

const NONE = "none";
const words = copy.setup;

export function Destination() {
  const { collection, way } = useSettings();
  const tree = useQuery(collections());
  const [making, setMaking] = useState(false);
  const help = useId();
  const rows = flat(tree.data ?? []);
  const gone = collection !== null && tree.data && !rows.some((one) => one.node.id === collection);
  const byId = new Map(rows.map((one) => [one.node.id, one]));
  return (
    <section className={css.destination}>
      <Select
        label={words.into} aria-describedby={help} value={collection && !gone ? collection : NONE} searchable allowDeselect={false} maxDropdownHeight={360}
        checkIconPosition="right" comboboxProps={{ withinPortal: false }} error={gone ? words.gone : undefined} disabled={tree.isPending}
        data={[{ value: NONE, label: words.intoNone }, ...rows.map(({ node }) => ({ value: node.id, label: node.name }))]}
        onChange={(value) => changeSettings({ collection: value === NONE ? null : value })}
        renderOption={({ option }) => {
          const row = byId.get(option.value);
          return (
            <span className={css.option} style={{ paddingLeft: row ? row.depth * 16 : 0 }}>
              <span className="ellipsis">{option.label}</span>
              {row && <span className="soft small">{row.node.kind !== "collection" ? collectionKinds[row.node.kind] : common.products(row.node.products_below)}</span>}
            </span>
          );
        }}
      />
      <p id={help} className="soft small">{way === "none" && collection ? words.intoNoProduct : words.intoHelp}</p>
      {making ? <Make close={() => setMaking(false)} /> : (
        <Button variant="subtle" color="gray" size="compact-sm" className={css.make} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setMaking(true)}>
          {words.make}
        </Button>
      )}
    </section>
  );
}

function Make({ close }: { close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/collections", { body: { kind: "collection", name: name.trim(), position: 0 } })),
    onSuccess: (created) => {
      client.setQueryData(collections().queryKey, (old) => old && [...old, created]);
      void client.invalidateQueries({ queryKey: keys.collections });
      changeSettings({ collection: created.id });
      announce(`${words.into}: ${created.name}`);
      close();
    },
    onError: notifyError,
  });
  return (
    <form
      className={css.making}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) make.mutate();
      }}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <TextInput aria-label={words.makeName} placeholder={words.makeHint} value={name} maxLength={200} autoFocus onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" loading={make.isPending} disabled={!name.trim()}>{words.makeAction}</Button>
      <Button variant="subtle" color="gray" onClick={close}>{common.cancel}</Button>
    </form>
  );
}

/** The tree as a list, children behind their parents. */
function flat(nodes: readonly Place[]): { node: Place; depth: number }[] {
  const under = new Map<string | null, Place[]>();
  for (const node of nodes) under.set(node.parent_id, [...(under.get(node.parent_id) ?? []), node]);
  const walk = (parent: string | null, depth: number): { node: Place; depth: number }[] =>
    (under.get(parent) ?? []).flatMap((node) => [{ node, depth }, ...walk(node.id, depth + 1)]);
  return walk(null, 0);
}
