/** A new batch: photos, styles, channels, priority, all on one page. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState, type ReactNode } from "react";
import { collections, keys, allStyles } from "~/api/queries";
import { batches } from "~/shared/copy/batches";
import { Page } from "~/shared/ui/Page";
import { newId } from "~/shared/id";
import { LIST } from "./cache";
import { ChannelStep } from "./new/ChannelStep";
import { create } from "./new/create";
import { initialDraft, afterCreated, problemsOf, type Draft } from "./new/draft";
import css from "./new/new.module.css";
import { OrderStep } from "./new/OrderStep";
import { Products } from "./new/Products";
import { Steps, type Step } from "./new/Steps";
import { StyleStep, choiceName } from "./new/StyleStep";
import { Summary } from "./new/Summary";
import { usePhotos } from "./new/usePhotos";
import { useUpload } from "./new/useUpload";

const copy = batches.newBatch;

export default function NewBatch() {
  const search = useSearch({ from: "/inside/batches/new" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, set] = useState<Draft>(() => initialDraft(search));
  const [tried, setTried] = useState(false);
  const [step, setStep] = useState<Step>("products");
  const key = useRef(newId());
  const scroll = useRef<HTMLDivElement>(null);
  const photoQuery = usePhotos(draft);
  const styles = useQuery(allStyles());
  const tree = useQuery(collections());
  const change = (part: Partial<Draft>) => {
    key.current = newId(); // not the same batch as one that may have been sent
    set((old) => ({ ...old, ...part }));
  };
  const sending = useUpload((upload) => change({ upload, kind: "upload", without: new Set() }));

  const photos = (photoQuery.data?.photos ?? []).filter((photo) => !draft.without.has(photo.id));
  const list = draft.kind === "upload" && draft.upload && "file" in draft.upload ? draft.upload.rows : null;
  const count = list ?? (photoQuery.data ? photoQuery.data.count - draft.without.size : null);
  const styleNames = draft.choices.map((one) => choiceName(one, draft.choices, styles.data ?? []));
  const source = draft.kind === "collection" ? tree.data?.find((one) => one.id === draft.collection)?.name
    : draft.kind === "upload" ? draft.upload?.name.replace(/\.\w+$/, "") : undefined;
  const name = draft.name ?? copy.defaultName(source ?? "", styles.data?.find((one) => one.id === draft.choices[0]?.style)?.name ?? "");
  const wrong = problemsOf(draft, { count, ids: [] }, name, styles.data ?? [], sending.busy);
  const shown = tried ? wrong : {};

  const creation = useMutation({
    mutationFn: () => create(draft, name, photoQuery.data?.photos.map((photo) => photo.id) ?? [], key.current),
    onSuccess: (created) => {
      afterCreated(draft);
      client.setQueryData(keys.batch(created.batch.id), created.batch);
      void client.invalidateQueries({ queryKey: LIST });
      void client.invalidateQueries({ queryKey: [...keys.batches, "open"] });
      void navigate({ to: "/batches/$batch", params: { batch: created.batch.id } });
    },
  });
  const go = (to: Step) => {
    const section = scroll.current?.querySelector<HTMLElement>(`[data-step="${to}"]`);
    section?.scrollIntoView({ behavior: "smooth", block: "start" });
    section?.focus({ preventScroll: true });
  };
  const submit = () => {
    setTried(true);
    const first = (["products", "style", "channels", "order"] as const).find((one) => wrong[one]);
    if (first) go(first);
    else creation.mutate();
  };
  const chosen: Record<Step, string> = {
    products: !count ? "" : list === null ? copy.products.count(count) : copy.products.lines(count),
    style: styleNames.join(", "),
    channels: copy.sum.channelsShort(draft.channels.length),
    order: name,
  };
  return (
    <Page title={copy.title} scroll={false}>
      <div className={css.whole}>
        <Steps at={step} go={go} chosen={chosen} problems={shown} done={{ products: !wrong.products, style: !wrong.style, channels: draft.channels.length > 0, order: !wrong.order }} />
        <div className={css.scroll} ref={scroll} onScroll={(event) => setStep(stepAt(event.currentTarget))}>
          <Section step="products" title={copy.products.title} wrong={shown.products}><Products draft={draft} change={change} photoQuery={photoQuery} sending={sending} /></Section>
          <Section step="style" title={copy.style.title} words={copy.style.words} wrong={shown.style}><StyleStep draft={draft} change={change} photos={photos} /></Section>
          <Section step="channels" title={copy.channels.title} words={copy.channels.words}><ChannelStep draft={draft} change={change} /></Section>
          <Section step="order" title={copy.order.title}><OrderStep draft={draft} change={change} name={name} wrong={shown.order} /></Section>
        </div>
        <Summary
          photos={count} list={list !== null} styles={draft.choices.length} channels={draft.channels.length} error={creation.error}
          missing={tried && Object.keys(wrong).length > 0} busy={creation.isPending} create={submit}
        />
      </div>
    </Page>
  );
}

function Section({ step, title, words, wrong, children }: { step: Step; title: string; words?: string; wrong?: string; children: ReactNode }) {
  return (
    <section className={css.section} data-step={step} tabIndex={-1} aria-labelledby={`step-${step}`}>
      <header>
        <h2 id={`step-${step}`}>{title}</h2>
        {words && <p className="soft">{words}</p>}
      </header>
      {wrong && step !== "order" && <p className={css.wrong} role="alert">{wrong}</p>}
      {children}
    </section>
  );
}

/** The section that is being read: the last whose top is above the line. */
function stepAt(scroll: HTMLElement): Step {
  const sections = [...scroll.querySelectorAll<HTMLElement>("[data-step]")];
  const end = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 4;
  const top = scroll.getBoundingClientRect().top + 140;
  const read = end ? sections.at(-1) : sections.findLast((one) => one.getBoundingClientRect().top <= top);
  return (read?.dataset.step ?? "products") as Step;
}
