// What a program does with the client that @hey-api/openapi-ts makes: scripts/clients checks its types, nothing runs it.
import { createBatch, getJob, getMatte, listItems, uploadImages, type JobView, type Problem } from "./typescript";
import { client } from "./typescript/client.gen";

export async function use(photo: Blob): Promise<string> {
  client.setConfig({ baseUrl: "http://127.0.0.1:8484", auth: "psk_…" });
  const taken = await uploadImages({ body: { file: [photo], sku: "MUG" }, headers: { "Idempotency-Key": "1" } });
  if (taken.error) return (taken.error satisfies Problem).remedy;
  const images = "items" in taken.data ? taken.data.items.flatMap((one) => one.image?.id ?? []) : [taken.data.id];
  const source = { images };
  const made = await createBatch({ body: { name: "Spring", styles: [{ style: "white" }], source } }); // the rest has defaults
  if (made.error) return made.error.detail;
  const job: JobView | undefined = (await getJob({ path: { job_id: made.data.job } })).data;
  const matte: Blob | File | undefined = (await getMatte({ path: { image_id: images[0]! } })).data;
  const page = await listItems({ query: { limit: 200 } });
  return `${job?.status satisfies string | undefined} ${matte?.size} ${page.data?.next_cursor satisfies string | null | undefined}`;
}
