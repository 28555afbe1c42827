/** Asks what the columns of a list mean that Packshot does not know, and shows how it reads the others. */
import { Button, Group, Modal, Select } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useState } from "react";
import type { ListColumn } from "~/api/types";
import { common } from "~/shared/copy/common";
import { upload as copy } from "~/shared/copy/upload";
import { useQuestion, type Columns, type Question } from "../engine/asking";
import { nameOf } from "../engine/entry";
import css from "./columns.module.css";

const words = copy.columns;
/** Mantine's Select takes no empty value. */
const LEFT_OUT = "-";
const SHOWN = 2; // values of a column

export function ListColumns() {
  const question = useQuestion();
  return question && <Ask key={question.list.path} question={question} />;
}

function Ask({ question: { list, wrong, answer } }: { question: Question }) {
  const { columns, fields } = list.view;
  const asked = columns.filter((column) => column.means === null || column.remembered);
  const [chosen, choose] = useState<Columns>(() => Object.fromEntries(asked.map((column) => [column.name, column.means ?? ""])));
  const meaning = (column: ListColumn): string => chosen[column.name] ?? column.means ?? "";
  const taken = new Set(columns.map(meaning).filter(Boolean));
  const lacks = [...(taken.has("sku") ? [] : ["sku"]), ...(taken.has("file") || taken.has("url") ? [] : ["file"])];
  const left = columns.filter((column) => !meaning(column)).length;
  return (
    <Modal opened onClose={() => answer(null)} title={words.title} size={760}>
      <p className={css.words}>{words.words(nameOf(list))}</p>
      {wrong && <p className={css.wrong} role="alert">{wrong}</p>}
      <div className={css.scroll}>
        <table className={css.table}>
          <thead>
            <tr><th scope="col">{words.column}</th><th scope="col">{words.examples}</th><th scope="col">{words.means}</th></tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column.name}>
                <th scope="row">{column.name}{column.remembered && <span className="soft small">{words.before}</span>}</th>
                <td className="soft">{column.values.length ? column.values.slice(0, SHOWN).map((one) => <span key={one} title={one}>{one}</span>) : words.empty}</td>
                <td>
                  {asked.includes(column) ? (
                    <Select
                      aria-label={words.meansOf(column.name)} value={chosen[column.name] || LEFT_OUT} allowDeselect={false} checkIconPosition="right" maxDropdownHeight={300}
                      comboboxProps={{ withinPortal: true }}
                      data={[
                        { value: LEFT_OUT, label: words.leftOut },
                        ...fields.map((field) => ({ value: field, label: words.fields[field] ?? field, disabled: taken.has(field) && chosen[column.name] !== field })),
                      ]}
                      onChange={(value) => choose({ ...chosen, [column.name]: value === LEFT_OUT ? "" : value ?? "" })}
                    />
                  ) : <span className={css.known}><IconCheck size={15} stroke={2.2} aria-hidden />{words.fields[column.means ?? ""] ?? column.means}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.state} aria-live="polite" data-lacks={lacks.length > 0 || undefined}>
        {lacks.length ? lacks.map((field) => words.needs[field]).join(" ") : words.ready(left)}
      </p>
      <Group justify="space-between" mt="md" wrap="nowrap">
        <span className="soft small">{words.cancelHelp}</span>
        <Group gap="sm" wrap="nowrap">
          <Button variant="default" onClick={() => answer(null)}>{common.cancel}</Button>
          <Button disabled={lacks.length > 0} onClick={() => answer(chosen)}>{words.action}</Button>
        </Group>
      </Group>
    </Modal>
  );
}
