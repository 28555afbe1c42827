/** Why a picture is rejected: 1 to 9 choose, Enter confirms, Esc goes back. It says what a retry will change. */
import { Button, Textarea } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, unwrap } from "~/api/client";
import { CorrectButton } from "~/features/cutout/Correct";
import { review as copy } from "~/shared/copy/review";
import { useKeys } from "~/shared/keys";
import { KeyCap } from "~/shared/ui/KeyCap";
import css from "./review.module.css";

/** Loaded with the batch, so that R and then a digit is never too fast. */
export const reasonsQuery = queryOptions({ queryKey: ["reasons"], queryFn: () => unwrap(api.GET("/api/v1/review/reasons")), staleTime: Infinity });

const CUTOUT = "cutout_wrong";

export type Rejection = { reason: string; note: string; retry: boolean };

export function RejectPanel({ many, confirm, correct, cancel }: {
  many: number; confirm: (rejection: Rejection) => void; correct: () => void; cancel: () => void;
}) {
  const reasons = useQuery(reasonsQuery);
  const list = reasons.data ?? [];
  const [chosen, choose] = useState("");
  const [note, setNote] = useState("");
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  const details = copy.reasons[chosen];
  const fixes = details?.fix ?? "";
  const corrects = chosen === CUTOUT && many === 1;
  const send = (retry: boolean) => (chosen || note) && confirm({ reason: chosen || "other", note, retry: retry && fixes !== "" });

  const handlers: Record<string, () => void> = { enter: () => send(true), "shift+enter": () => send(false), escape: cancel, ...(corrects ? { e: correct } : {}) };
  list.forEach((reason, at) => (handlers[String(at + 1)] = () => choose(reason.id)));
  useKeys(handlers, { inDialog: true }); // on a contact sheet it is in a dialog

  return (
    <div ref={panel} tabIndex={-1} data-autofocus className={css.reject} role="group" aria-label={copy.reject.title} data-keys>
      <h3>{copy.reject.title}</h3>
      <div className={css.reasons} role="radiogroup" aria-label={copy.reject.title}>
        {list.map((reason, at) => (
          <button key={reason.id} type="button" role="radio" aria-checked={chosen === reason.id} className={css.reason} onClick={() => choose(reason.id)} title={reason.rule} data-keys>
            <KeyCap hidden>{at + 1}</KeyCap>
            {copy.reasons[reason.id]?.title ?? reason.title}
          </button>
        ))}
      </div>
      <Textarea
        aria-label={copy.reject.note} placeholder={copy.reject.notePlaceholder} value={note} onChange={(event) => setNote(event.currentTarget.value)} maxLength={2000} autosize minRows={1} maxRows={4}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          send(true);
        }}
      />
      <p className="soft small" aria-live="polite">{chosen && (fixes ? `${copy.reject.fixes} ${fixes}.` : chosen === CUTOUT ? copy.reject.cutout : copy.reject.nothing)}</p>
      <div className={css.actions}>
        {corrects && <CorrectButton size="sm" open={correct} />}
        {fixes && <Button color="no.7" onClick={() => send(true)} rightSection={<KeyCap hidden>⏎</KeyCap>}>{copy.reject.again}{many > 1 && ` (${many})`}</Button>}
        <Button variant={fixes ? "default" : "filled"} color={fixes ? undefined : "no.7"} disabled={!chosen && !note} onClick={() => send(false)} rightSection={<KeyCap hidden>{fixes ? "⇧⏎" : "⏎"}</KeyCap>}>{copy.reject.only}{!fixes && many > 1 && ` (${many})`}</Button>
        <Button variant="subtle" onClick={cancel} rightSection={<KeyCap hidden>Esc</KeyCap>}>{copy.reject.cancel}</Button>
      </div>
    </div>
  );
}
