/** The first minutes: the samples as a first batch, and an upload that a reload does not hurt. */
import { expect } from "@playwright/test";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { signIn, withService } from "./service";

const test = withService({ PACKSHOT_FAKE_MODELS: "true" });

test("the samples are developed as a first batch", async ({ page, service }) => {
  await signIn(page, service);
  await page.getByRole("button", { name: "Develop the samples" }).click();
  await page.waitForURL(/\/batches\/bat_/, { timeout: 60_000 });
  await expect(page.getByRole("link", { name: "Review 6 pictures" })).toBeVisible({ timeout: 90_000 });
  await page.goto(`${service.address}/`);
  await expect(page.getByText("6 ready for review")).toBeVisible();
});

test("a reload in the middle of an upload loses nothing and sends nothing twice", async ({ page, service }) => {
  const zip = join(service.folder, "forty.zip");
  spawnSync(join(import.meta.dirname, "../../.venv/bin/python"), [join(import.meta.dirname, "planted.py"), zip, "40", "0"]);
  spawnSync("python3", ["-m", "zipfile", "-e", zip, join(service.folder, "forty")]);
  const files = readdirSync(join(service.folder, "forty")).map((name) => join(service.folder, "forty", name));
  await signIn(page, service);
  // A slow line, so that there is a middle.
  await page.route("**/api/v1/images", async (route) => {
    await new Promise((soon) => setTimeout(soon, 400));
    await route.continue();
  });
  await page.goto(`${service.address}/upload`);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).click();
  await (await chooser).setFiles(files);
  await expect(page.getByText(/Sending \d+ of 40/)).toBeVisible();
  await expect(page.getByText(/You may leave this page or close it/)).toBeVisible();
  page.on("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await expect(page.getByRole("button", { name: "Make a batch of 40 photos" })).toBeEnabled({ timeout: 60_000 });
  const names = (await photos(service)).map((one) => one.name);
  expect(new Set(names).size).toBe(40);
  expect(names.length).toBe(40);
});

async function photos(service: { api: <T>(method: string, path: string) => Promise<T> }): Promise<{ name: string }[]> {
  const page = await service.api<{ items: { name: string }[] }>("GET", "/images?limit=200&q=SKU-");
  return page.items;
}
