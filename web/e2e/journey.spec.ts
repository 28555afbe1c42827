/**
 * The whole way as a merchandiser goes it, against a real service with real workers and a real S3 server:
 * first sign-in → ZIP → flags → batch → live progress → the service is killed and comes back → review by keys, a reject
 * whose retry differs, a second reviewer → ZIP and S3. axe runs over every state on the way.
 */
import { expect, test } from "@playwright/test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { axe } from "./axe";
import { OWNER, PHOTOS, s3, SAMPLES, Service, until } from "./service";

const REAL = [
  "backpack-00", "bear_plushie-00", "berry_bowl-00", "can-00", "candle-00", "clock-00", "colorful_sneaker-00", "colorful_sneaker-03",
  "fancy_boot-00", "fancy_boot-03", "grey_sloth_plushie-00", "vase-00",
].map((name) => join(PHOTOS, `${name}.jpg`));

/** Twelve real photos; where they are not there, the six samples. */
function photos(): string[] {
  if (existsSync(REAL[0]!)) return REAL;
  test.info().annotations.push({ type: "note", description: "../shared/photos is not there: the six samples stand in for the twelve real photos" });
  return readdirSync(SAMPLES).filter((name) => name.endsWith(".jpg")).map((name) => join(SAMPLES, name));
}

test("from a ZIP of raw photos to delivered files", async ({ browser }) => {
  test.setTimeout(600_000);
  const files = photos();
  const service = new Service({ PACKSHOT_PRIVATE_ENDPOINTS: "true" });
  const bucket = await s3("shop");
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  try {
    // First sign-in, by the link that the service prints.
    await service.start();
    await page.goto(service.link);
    await axe(page, "welcome");
    await page.getByLabel("Your name").fill(OWNER.name);
    await page.getByLabel("Email").fill(OWNER.email);
    await page.getByRole("textbox", { name: "Password" }).fill(OWNER.password);
    await page.getByRole("button", { name: "Start" }).click();
    await expect(page.getByRole("heading", { name: "From raw photos to catalog files" })).toBeVisible();
    await axe(page, "start");

    // Upload: a ZIP, with flags before anything is spent.
    await page.keyboard.press("g");
    await page.keyboard.press("u");
    await expect(page.getByRole("heading", { name: "Drop photos here" })).toBeVisible();
    await axe(page, "upload, empty");
    const zip = join(service.folder, "raw.zip");
    spawnSync("python3", ["-m", "zipfile", "-c", zip, ...files]);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose files" }).click();
    await (await chooser).setFiles(zip);
    const toBatch = page.getByRole("button", { name: new RegExp(`Make a batch of ${files.length} photos`) });
    await expect(toBatch).toBeEnabled({ timeout: 90_000 });
    await axe(page, "upload, sent");
    await toBatch.click();

    // A batch in pure white, for two channels.
    await expect(page.getByRole("heading", { name: "New batch" })).toBeVisible();
    await page.getByRole("checkbox", { name: /Pure white/ }).or(page.getByRole("button", { name: /^Pure white/ })).first().click();
    await page.getByRole("checkbox", { name: /Amazon/ }).first().check({ force: true });
    await page.getByRole("checkbox", { name: /Shopify/ }).first().check({ force: true });
    await axe(page, "new batch");
    await page.getByRole("button", { name: "Create batch" }).click();
    await page.waitForURL(/\/batches\/bat_/);
    const batch = page.url().split("/").at(-1)!;

    // Live progress; the service is killed in the middle, as by a power cut.
    await expect(page.getByText(new RegExp(`^[1-3] of ${files.length}`)).first()).toBeVisible({ timeout: 90_000 });
    await axe(page, "batch, in progress");
    await service.stop("SIGKILL");
    await expect(page.getByText(/No connection to Packshot/)).toBeVisible({ timeout: 30_000 });
    await axe(page, "batch, no connection");
    await service.start();
    await expect(page.getByText(/No connection to Packshot/)).toBeHidden({ timeout: 60_000 });
    await expect(page.getByRole("link", { name: new RegExp(`Review ${files.length} pictures`) })).toBeVisible({ timeout: 180_000 });
    await axe(page, "batch, done");

    // Review by keys: the first is rejected and made again, the rest approved.
    await page.getByRole("link", { name: new RegExp(`Review ${files.length} pictures`) }).click();
    await expect(page.getByRole("button", { name: /^All/ })).toContainText(String(files.length));
    await page.getByRole("button", { name: /^All/ }).click();
    await page.keyboard.press("Home");
    await axe(page, "review");
    await page.keyboard.press("x");
    await expect(page.getByRole("slider")).toBeVisible();
    await axe(page, "review, compare");
    await page.keyboard.press("x");
    await page.keyboard.press("r");
    await axe(page, "review, reject");
    await page.keyboard.press("1");
    await expect(page.getByText(/A retry changes: a softer/)).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(page.getByText(`0 of ${files.length} decided`)).toBeVisible();
    for (let n = 0; n < files.length - 2; n += 1) {
      await page.keyboard.press("a");
      const anyway = page.getByRole("button", { name: "Approve anyway" });
      await page.waitForTimeout(250);
      if (await anyway.isVisible()) await anyway.click();
    }
    await expect(page.getByText(`${files.length - 2} of ${files.length} decided`)).toBeVisible();

    // The retry came back as another version, and says what it changed.
    const again = page.locator('[data-review-grid] button[data-status="review"]');
    await expect(again).toHaveCount(2, { timeout: 60_000 });
    await page.keyboard.press("Home");
    await page.keyboard.press("v");
    await expect(page.getByText("Shadow strength")).toBeVisible();
    await expect(page.getByText("Version 2")).toBeVisible();
    await axe(page, "review, versions");
    await page.keyboard.press("Escape");

    // A second reviewer decides; the first sees it.
    await page.goto(`${service.address}/settings?tab=team`);
    await axe(page, "settings, team");
    const invited = await page.evaluate(async () => {
      const me = (await (await fetch("/api/v1/session")).json()) as { csrf: string };
      const response = await fetch("/api/v1/members", {
        method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": me.csrf }, body: JSON.stringify({ email: "ben@shop.example" }),
      });
      return ((await response.json()) as { address: string }).address;
    });
    const second = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", reducedMotion: "reduce" });
    const ben = await second.newPage();
    await ben.goto(`${service.address}/welcome${new URL(invited).search}`);
    await ben.getByLabel("Your name").fill("Ben");
    await ben.getByLabel("Email").fill("ben@shop.example");
    await ben.getByRole("textbox", { name: "Password" }).fill("another long password");
    await ben.getByRole("button", { name: "Start" }).click();
    await ben.waitForURL((url) => url.pathname === "/");
    await page.goto(`${service.address}/review/${batch}?group=all`);
    await expect(page.getByText(`${files.length - 2} of ${files.length} decided`)).toBeVisible();
    await ben.goto(`${service.address}/review/${batch}?group=all`);
    await expect(ben.getByText(`${files.length - 2} of ${files.length} decided`)).toBeVisible();
    await axe(ben, "review, dark");
    await ben.keyboard.press("Home");
    await ben.keyboard.press("a");
    await ben.waitForTimeout(300);
    const benAnyway = ben.getByRole("button", { name: "Approve anyway" });
    if (await benAnyway.isVisible()) await benAnyway.click();
    await expect(page.getByText(/Ben approved/)).toBeVisible();
    await expect(page.getByText(`${files.length - 1} of ${files.length} decided`)).toBeVisible();
    for (const path of ["/library", "/styles", "/batches", "/deliver", "/upload", "/settings?tab=channels"]) {
      await ben.goto(`${service.address}${path}`);
      await ben.waitForLoadState("networkidle");
      await axe(ben, `${path}, dark`);
    }
    await second.close();

    // Deliver: as a ZIP, and to S3.
    await page.getByRole("link", { name: "Deliver the approved" }).click();
    const deliver = page.getByRole("button", { name: /^Deliver \d+ files/ });
    await expect(deliver).toBeEnabled();
    await axe(page, "deliver");
    await deliver.click();
    const download = page.getByRole("button", { name: "Download ZIP" });
    await expect(download).toBeVisible({ timeout: 60_000 });
    const got = page.waitForEvent("download");
    await download.click();
    const saved = join(service.folder, "delivered.zip");
    await (await got).saveAs(saved);
    const listed = spawnSync("python3", ["-m", "zipfile", "-l", saved]).stdout.toString();
    expect(listed.match(/\.(jpg|webp|png)/g)?.length).toBeGreaterThanOrEqual(2 * (files.length - 1));

    await page.goto(`${service.address}/deliver?batch=${batch}`);
    await page.getByRole("radio", { name: /Cloud storage/ }).check({ force: true });
    await page.getByRole("button", { name: "Add a destination" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Add a destination" }).click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("The shop");
    await page.getByRole("textbox", { name: "Bucket", exact: true }).fill("shop");
    await page.getByRole("textbox", { name: "Server" }).fill(bucket.endpoint);
    await page.getByRole("textbox", { name: "Access key ID" }).fill("key");
    await page.getByRole("textbox", { name: "Secret access key" }).fill("secret");
    await axe(page, "deliver, destination");
    await page.getByRole("button", { name: "Save and test" }).click();
    await expect(page.getByText(/It works/)).toBeVisible({ timeout: 30_000 });
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: /^Deliver \d+ files/ }).click();
    await until(async () => (await bucket.keys()).length >= 2 * (files.length - 1), 60, "the files in S3");
    await expect(page.getByText(/files delivered/).first()).toBeVisible();
    await axe(page, "deliver, done");
  } finally {
    await context.close();
    bucket.end();
    await service.end();
  }
});

