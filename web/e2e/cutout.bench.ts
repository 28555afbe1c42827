/** What the cut-out editor costs on a 12-megapixel photo: opening, a stamp of the brush, drawing it, and memory. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { SAMPLES, signIn, until, withService } from "./service";

const test = withService();
const [WIDTH, HEIGHT] = [3000, 4000];
const PYTHON = join(import.meta.dirname, "../../.venv/bin/python");

test("the cut-out editor on 12 megapixels", async ({ page, service }) => {
  const large = join(service.folder, "large.jpg");
  execFileSync(PYTHON, ["-c", `from PIL import Image; Image.open(${JSON.stringify(join(SAMPLES, "mug.jpg"))}).resize((${WIDTH}, ${HEIGHT})).save(${JSON.stringify(large)}, quality=92)`]);
  const form = new FormData();
  form.append("file", new Blob([readFileSync(large)], { type: "image/jpeg" }), "large.jpg");
  form.append("sku", "LARGE");
  const photo = await service.api<{ id: string; product_id: string }>("POST", "/images", form);
  await service.api("POST", `/images/${photo.id}/segment`, {}, { Prefer: "wait=60" });
  await until(async () => (await service.api<unknown[]>("GET", `/images/${photo.id}/mattes`)).length === 1, 90, "the cut-out");

  await signIn(page, service);
  await page.goto(`${service.address}/library/${photo.product_id}`);
  const button = page.getByRole("button", { name: "Correct the cut-out" });
  await button.hover();
  await page.waitForLoadState("networkidle");
  const start = Date.now();
  await button.click();
  await page.getByRole("application").waitFor();
  const opened = Date.now() - start;
  await page.keyboard.press("s"); // as drawn: edges are solved beside the page
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(1000); // the photo at full size

  const costs = await page.getByRole("application").evaluate(async (pane) => {
    const canvas = pane.querySelector("canvas")!;
    const frames: number[] = [], stamps: number[] = [];
    const real = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (act) => real((time) => {
      const from = performance.now();
      act(time);
      canvas.getContext("2d")!.getImageData(0, 0, 1, 1); // waits until it is drawn
      frames.push(performance.now() - from);
    });
    const edge = pane.getBoundingClientRect();
    pane.setPointerCapture = () => undefined; // of a pointer that is not a real one
    const send = (type: string, at: number): void => {
      pane.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, button: 0, clientX: edge.left + edge.width * (0.3 + 0.4 * at), clientY: edge.top + edge.height * (0.5 + 0.2 * Math.sin(9 * at)) }));
    };
    send("pointerdown", 0);
    for (let at = 0; at <= 150; at += 1) {
      const from = performance.now();
      send("pointermove", at / 150);
      stamps.push(performance.now() - from);
      await new Promise((done) => real(done));
    }
    send("pointerup", 1);
    const p95 = (all: number[]): number => all.sort((a, b) => a - b)[Math.floor(all.length * 0.95)] ?? 0;
    return { stamps: stamps.length, stamp: p95(stamps), frames: frames.length, compose: p95(frames) };
  });
  // Array buffers and canvases are not in the heap that scripts see: the page's whole process is measured.
  const browser = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const resident = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
  const memory = Math.max(...processInfo.filter((one) => one.type === "renderer").map((one) => resident(one.id)));
  console.log(`open ${opened} ms; stamp with the matte's canvases p95 ${costs.stamp.toFixed(1)} ms (${costs.stamps}); compose p95 ${costs.compose.toFixed(1)} ms (${costs.frames}); the page's process ${memory.toFixed(0)} MiB`);
  expect(costs.frames).toBeGreaterThan(50);
});
