/** How soon the next picture is sharp, on real files of 2048 pixels: the samples in four styles. `npm run bench`. */
import { expect } from "@playwright/test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SAMPLES, signIn, until, withService } from "./service";

const test = withService();
const at = (values: number[], share: number) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

test("real files", async ({ page, service }) => {
  test.setTimeout(400_000);
  const images: string[] = [];
  for (const name of readdirSync(SAMPLES).filter((one) => one.endsWith(".jpg"))) {
    const form = new FormData();
    form.append("file", new Blob([readFileSync(join(SAMPLES, name))], { type: "image/jpeg" }), name);
    images.push((await service.api<{ id: string }>("POST", "/images", form)).id);
  }
  const styles = Array.from({ length: 4 }, (_, n) => ({ style: "color", options: { shadow: 0.3 + n / 10 } }));
  const { batch } = await service.api<{ batch: { id: string } }>("POST", "/batches", { name: "Real files", source: { images }, styles, channels: ["google"] });
  await until(async () => {
    const status = await service.api<{ total: number; done: number }>("GET", `/batches/${batch.id}/status`);
    return status.total === 24 && status.done === 24;
  }, 240, "the batch");
  await signIn(page, service);
  await page.goto(`${service.address}/review/${batch.id}?group=all&layout=grid`);
  await expect(page.locator("img[data-sharp]")).toBeVisible();
  await page.keyboard.press("Home"); // it begins at the worst, which may be the last
  const took: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    await page.waitForTimeout(1_200); // a person looks
    took.push(await page.evaluate(async () => {
      const source = () => document.querySelector<HTMLImageElement>("img[data-sharp]")?.src ?? "";
      const before = source();
      const began = performance.now();
      dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      while (source() === before || source() === "") {
        if (performance.now() - began > 3_000) break;
        await new Promise((frame) => requestAnimationFrame(frame));
      }
      await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame))); // it is painted
      return performance.now() - began;
    }));
  }
  const side = await page.locator("img[data-sharp]").evaluate((picture) => (picture as HTMLImageElement).naturalWidth);
  console.log(`next picture of ${side} px sharp and painted: p50 ${at(took, 0.5).toFixed(0)} ms, p95 ${at(took, 0.95).toFixed(0)} ms, longest ${Math.max(...took).toFixed(0)} ms`);
});
