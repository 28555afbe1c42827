import { useEffect, useId, useState } from "react";
import css from "./inline.module.css";

/** A field that reads as text until it has the focus: Enter or leaving it saves, Escape restores. `save` returns what is wrong. */
export function InlineField({ label, value, save, placeholder, suggestions, mode, maxLength = 200 }: {
  label: string; value: string; save: (value: string) => Promise<string | null>; placeholder: string; suggestions?: readonly string[];
  mode?: "numeric"; maxLength?: number;
}) {
  const [typed, setTyped] = useState(value);
  const [error, setError] = useState<string | null>(null);
  const id = useId();
  useEffect(() => {
    setTyped(value);
    setError(null);
  }, [value]);
  const commit = async (): Promise<void> => {
    const trimmed = typed.trim();
    if (trimmed === value) return (setTyped(value), setError(null));
    setError(await save(trimmed));
  };
  return (
    <div className={css.line}>
      <label htmlFor={id}>{label}</label>
      <div>
        <input
          id={id} className={css.field} value={typed} placeholder={placeholder} maxLength={maxLength} inputMode={mode} autoComplete="off" spellCheck={false} list={suggestions && `${id}-ideas`}
          aria-invalid={error !== null || undefined} aria-describedby={error ? `${id}-wrong` : undefined} title={typed}
          onChange={(event) => setTyped(event.target.value)} onBlur={() => void commit()}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.nativeEvent.isComposing) event.currentTarget.blur();
            if (event.key === "Escape") (event.stopPropagation(), setTyped(value), setError(null));
          }}
        />
        {suggestions && <datalist id={`${id}-ideas`}>{suggestions.map((idea) => <option key={idea} value={idea} />)}</datalist>}
        {error && <p id={`${id}-wrong`} role="alert" className={css.wrong}>{error}</p>}
      </div>
    </div>
  );
}
