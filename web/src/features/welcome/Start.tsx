/** The first screen: a sample batch for those who are new, the open batches for those who are not. */
import { Button } from "@mantine/core";
import { IconHandStop, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, unwrap, upload } from "~/api/client";
import { keys } from "~/api/queries";
import type { Batch, Photo } from "~/api/types";
import { welcome } from "~/shared/copy/welcome";
import { batches as batchCopy } from "~/shared/copy/batches";
import { statuses } from "~/shared/copy/statuses";
import { notifyError } from "~/shared/notify";
import { Bar, Pill, Status } from "~/shared/ui/marks";
import { LinkButton } from "~/shared/ui/LinkButton";
import { Page } from "~/shared/ui/Page";
import { isHeld } from "~/features/batches/cache";
import { partsOf } from "~/features/batches/parts";
import { samples } from "./samples";
import css from "./welcome.module.css";

const copy = welcome.start;
const OPEN = 5;
const isOver = (batch: Batch): boolean => batch.state === "exported" || batch.state === "cancelled";

export default function Start() {
  const batches = useQuery({ queryKey: [...keys.batches, "open"], queryFn: () => unwrap(api.GET("/api/v1/batches", { params: { query: { limit: 20 } } })) });
  const open = (batches.data?.items ?? []).filter((one) => !isOver(one)).slice(0, OPEN);
  return (
    <Page title={copy.title}>
      <div className={css.start}>
        {open.length > 0 && (
          <section className={css.next}>
            <h2>{copy.next}</h2>
            {open.map((batch) => <Open key={batch.id} batch={batch} />)}
          </section>
        )}
        {batches.data && open.length === 0 && (
          <section className={css.hero}>
            <h2>{copy.hello}</h2>
            <p>{copy.words}</p>
          </section>
        )}
        <div className={css.ways}>
          <Samples />
          <section className={css.way}>
            <div className={`${css.show} ${css.drop}`} aria-hidden><IconUpload size={52} stroke={1.2} /></div>
            <div>
              <h2>{copy.upload}</h2>
              <p className="soft">{copy.uploadWords}</p>
              <LinkButton to="/upload" mt="md">{copy.uploadAction}</LinkButton>
            </div>
          </section>
        </div>
      </div>
    </Page>
  );
}

function Open({ batch }: { batch: Batch }) {
  const ready = batch.counts.review ?? 0;
  const state = isHeld(batch) ? <Pill icon={<IconHandStop size={13} stroke={2} aria-hidden />}>{batchCopy.one.held}</Pill> : <Status of={batch.state} />;
  return (
    <div className={css.row}>
      <strong className="ellipsis">{batch.name}</strong>
      {batch.state === "review" && ready ? <span className="soft num">{copy.ready(ready)}</span> : <span>{state}</span>}
      <Bar parts={partsOf(batch.counts)} total={batch.total} label={statuses[batch.state] ?? batch.name} />
      {ready > 0 ? (
        <LinkButton to="/review/$batch" params={{ batch: batch.id }} variant="default">{copy.review}</LinkButton>
      ) : batch.state === "approved" ? (
        <LinkButton to="/deliver" search={{ batch: batch.id }} variant="default">{copy.deliver}</LinkButton>
      ) : (
        <LinkButton to="/batches/$batch" params={{ batch: batch.id }} variant="default">{isHeld(batch) ? batchCopy.list.open : copy.watch}</LinkButton>
      )}
    </div>
  );
}

function Samples() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const createSamples = useMutation({
    mutationFn: async () => {
      const images: string[] = [];
      for (const sample of samples) {
        const form = new FormData();
        form.append("sku", sample.sku);
        form.append("file", await (await fetch(sample.url)).blob(), sample.file);
        const { data } = await upload<Photo>("/api/v1/images", form, { key: `sample-${sample.sku}` });
        images.push(data.id);
        if (data.product_id) await unwrap(api.PATCH("/api/v1/products/{product_id}", { params: { path: { product_id: data.product_id } }, body: { title: sample.title } }));
      }
      return unwrap(api.POST("/api/v1/batches", {
        body: { name: copy.sampleName, source: { images }, styles: [{ style: "white" }], channels: ["amazon", "shopify", "web"] },
      }));
    },
    onSuccess: (started) => {
      void client.invalidateQueries({ queryKey: keys.batches });
      void navigate({ to: "/batches/$batch", params: { batch: started.batch.id } });
    },
    onError: notifyError,
  });
  return (
    <section className={css.way}>
      <div className={`${css.show} ${css.samples}`}>{samples.map((one) => <img key={one.sku} src={one.url} alt={one.title} />)}</div>
      <div>
        <h2>{copy.sample}</h2>
        <p className="soft">{copy.sampleWords}</p>
        <Button mt="md" variant="default" loading={createSamples.isPending} onClick={() => createSamples.mutate()}>{copy.sampleAction}</Button>
      </div>
    </section>
  );
}
