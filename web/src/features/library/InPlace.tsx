import { useEffect, useId, useState } from "react";
import css from "./inplace.module.css";

/** A field that reads as text until it is gone into: Enter or leaving it saves, Escape drops. `save` gives what is wrong. */
export function InPlace({ label, value, save, placeholder, ideas, mode, maxLength = 200 }: {
  label: string; value: string; save: (value: string) => Promise<string | null>; placeholder: string; ideas?: readonly string[];
  mode?: "numeric"; maxLength?: number;
}) {
  const [typed, type] = useState(value);
  const [wrong, say] = useState<string | null>(null);
  const id = useId();
  useEffect(() => {
    type(value);
    say(null);
  }, [value]);
  const keep = async (): Promise<void> => {
    const told = typed.trim();
    if (told === value) return (type(value), say(null));
    say(await save(told));
  };
  return (
    <div className={css.line}>
      <label htmlFor={id}>{label}</label>
      <div>
        <input
          id={id} className={css.field} value={typed} placeholder={placeholder} maxLength={maxLength} inputMode={mode} autoComplete="off" spellCheck={false} list={ideas && `${id}-ideas`}
          aria-invalid={wrong !== null || undefined} aria-describedby={wrong ? `${id}-wrong` : undefined} title={typed}
          onChange={(event) => type(event.target.value)} onBlur={() => void keep()}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.nativeEvent.isComposing) event.currentTarget.blur();
            if (event.key === "Escape") (event.stopPropagation(), type(value), say(null));
          }}
        />
        {ideas && <datalist id={`${id}-ideas`}>{ideas.map((idea) => <option key={idea} value={idea} />)}</datalist>}
        {wrong && <p id={`${id}-wrong`} role="alert" className={css.wrong}>{wrong}</p>}
      </div>
    </div>
  );
}
