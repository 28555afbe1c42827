import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until, type Service } from "./service";

type Status = { total: number; done: number; state: string };

/** A finished batch of photos in which so many have a planted defect. */
export async function planted(service: Service, name: string, count: number, bad: number, styles = 1): Promise<string> {
  const path = join(service.folder, "planted.zip");
  const planting = spawnSync(join(import.meta.dirname, "../../.venv/bin/python"), [join(import.meta.dirname, "planted.py"), path, String(count), String(bad)]);
  if (planting.status !== 0) throw new Error(String(planting.stderr));
  await service.api("POST", "/channels", { id: "small", name: "Small", size: [400, 400], format: "webp", quality: 95 }).catch((error: Error) => {
    if (!error.message.includes(" 409 ")) throw error;
  });
  const form = new FormData();
  form.append("file", new Blob([readFileSync(path)], { type: "application/zip" }), "planted.zip");
  const choices = Array.from({ length: styles }, (_, at) => ({ style: styles > 1 ? "color" : "white", options: styles > 1 ? { shadow: 0.3 + at / 100 } : {} }));
  form.append("batch", JSON.stringify({ name, styles: choices, channels: ["small"] }));
  const { batch } = await service.api<{ batch: { id: string } }>("POST", "/batches", form);
  await until(async () => {
    const status = await service.api<Status>("GET", `/batches/${batch.id}/status`);
    return status.total === count * styles && status.done === status.total;
  }, 90 + count * styles, `batch ${name}`);
  return batch.id;
}
