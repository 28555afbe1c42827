/** Figures of review over 2,000 items: `npm run bench`. They go into benchmarks/README.md. */
import { expect } from "@playwright/test";
import { planted } from "./fill";
import { signIn, withService } from "./service";

const test = withService({ PACKSHOT_FAKE_MODELS: "true" });
const STYLES = Number(process.env.STYLES ?? 10);
const at = (values: number[], share: number) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

test(`${200 * STYLES} items`, async ({ page, service }) => {
  test.setTimeout(1_200_000);
  const batch = await planted(service, "Two thousand", 200, 20, STYLES);
  await signIn(page, service);
  const opened = Date.now();
  await page.goto(`${service.address}/review/${batch}?group=all&layout=grid`);
  await expect(page.getByRole("button", { name: /^All/ })).toContainText((200 * STYLES).toLocaleString("en-US"));
  console.log(`all 2,000 listed after ${Date.now() - opened} ms`);

  await page.evaluate(() => {
    const durations: number[] = [];
    Object.assign(window, { told: durations });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === "keydown") durations.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16, buffered: false } as PerformanceObserverInit);
  });
  for (let n = 0; n < 150; n += 1) {
    await page.keyboard.press(n % 10 === 9 ? "a" : n % 3 ? "ArrowRight" : "ArrowDown");
    await page.waitForTimeout(40);
  }
  await page.waitForTimeout(500);
  const paint = await page.evaluate(() => (window as unknown as { told: number[] }).told);
  console.log(`key to paint, ${paint.length} of 150 over 16 ms: p50 ${at(paint, 0.5)} ms, p95 ${at([...paint, ...Array<number>(150 - paint.length).fill(8)], 0.95)} ms`);

  const sharp: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    await page.waitForTimeout(900); // a person looks
    sharp.push(await page.evaluate(async () => {
      const source = () => document.querySelector<HTMLImageElement>("img[data-sharp]")?.src ?? "";
      const before = source();
      const began = performance.now();
      dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      while (source() === before || source() === "") {
        if (performance.now() - began > 3_000) break;
        await new Promise((frame) => requestAnimationFrame(frame));
      }
      return performance.now() - began;
    }));
  }
  console.log(`next picture sharp: p50 ${at(sharp, 0.5).toFixed(0)} ms, p95 ${at(sharp, 0.95).toFixed(0)} ms`);

  const frames = await page.evaluate(async () => {
    const grid = document.querySelector("[data-review-grid]")!;
    const gaps: number[] = [];
    let last = performance.now();
    for (let n = 0; n < 240; n += 1) {
      grid.scrollTop += 120;
      await new Promise((frame) => requestAnimationFrame(frame));
      gaps.push(performance.now() - last);
      last = performance.now();
    }
    return gaps;
  });
  console.log(`scrolling through them: frame p50 ${at(frames, 0.5).toFixed(0)} ms, p95 ${at(frames, 0.95).toFixed(0)} ms, longest ${Math.max(...frames).toFixed(0)} ms`);
});
