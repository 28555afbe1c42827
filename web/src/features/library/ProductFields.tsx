/** The fields of a product, edited in place. */
import { ApiError } from "~/api/client";
import type { Product } from "~/api/types";
import { announce } from "~/shared/announce";
import { productPage as copy } from "~/shared/copy/library";
import { sentence, explain } from "~/shared/errors";
import { InlineField } from "./InlineField";
import type { ProductActions } from "./productActions";
import css from "./product.module.css";

const fields = [
  { name: "title", label: copy.fields.name, maxLength: 500 }, { name: "sku", label: copy.fields.sku, maxLength: 200 }, { name: "category", label: copy.fields.category, maxLength: 200 },
  { name: "gtin", label: copy.fields.gtin, maxLength: 20 }, { name: "asin", label: copy.fields.asin, maxLength: 20 },
] as const;

export function ProductFields({ product, actions }: { product: Product; actions: ProductActions }) {
  const save = (name: (typeof fields)[number]["name"], label: string) => async (value: string): Promise<string | null> => {
    try {
      await actions.change.mutateAsync({ [name]: value });
      announce(copy.saved(label));
      return null;
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) {
        actions.onFailure(error);
        return null;
      }
      return wordsOf(error);
    }
  };
  return (
    <section className={css.block} aria-labelledby="facts">
      <h2 id="facts">{copy.facts}</h2>
      <div>
        {fields.map(({ name, label, maxLength }) => (
          <InlineField key={name} label={label} value={product[name]} placeholder={copy.empty} maxLength={maxLength} mode={name === "gtin" ? "numeric" : undefined} save={save(name, label)} />
        ))}
      </div>
    </section>
  );
}

/** Why the service refused a field, without the field's name in front. */
function wordsOf(error: unknown): string {
  const fieldError = error instanceof ApiError ? error.problem.errors[0]?.words : undefined;
  const { words, title, remedy } = explain(error);
  return fieldError ? `${sentence(fieldError)}.`.replace(/\.\.$/, ".") : [words || title, remedy].filter(Boolean).join(" ");
}
