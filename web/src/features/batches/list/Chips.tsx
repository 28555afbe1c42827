/** One of several, as chips: a radio group, so that arrows move in it. */
import css from "./list.module.css";

export function Chips<T extends string>({ label, options, value, pick }: {
  label: string; options: readonly { value: T; words: string; count?: number }[]; value: T; pick: (value: T) => void;
}) {
  return (
    <fieldset className={css.chips}>
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={css.chip} data-on={option.value === value || undefined}>
          <input
            type="radio" className="visually-hidden" name={label} value={option.value} checked={option.value === value}
            onChange={() => pick(option.value)}
          />
          {option.words}
          {option.count !== undefined && <span className="num">{option.count.toLocaleString()}</span>}
        </label>
      ))}
    </fieldset>
  );
}
