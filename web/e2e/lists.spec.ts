/** A list as a spreadsheet in western Windows writes it, with columns of its own: asked once, remembered, nothing in wrong letters. */
import { expect } from "@playwright/test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { axe } from "./axe";
import { SAMPLES, signIn, withService } from "./service";

const test = withService({ PACKSHOT_FAKE_MODELS: "true" });
const western = (text: string): Buffer => Buffer.from(text, "latin1");

test("a list with columns of its own is asked about once", async ({ page, service }) => {
  await signIn(page, service);
  await page.goto(`${service.address}/upload`);
  const drop = async (files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose files" }).click();
    await (await chooser).setFiles(files);
  };
  const photo = (name: string, sample: string) => ({ name, mimeType: "image/jpeg", buffer: readFileSync(join(SAMPLES, sample)) });
  await drop([
    { name: "liste.csv", mimeType: "text/csv", buffer: western('sep=;\r\nArtikel;Bild;Bezeichnung;Preis\r\n="00123";MUG.JPG;Größe L, weiß;9,90\r\n1,23457E+11;bottle.jpg;Schüssel;9,90\r\n') },
    photo("mug.jpg", "mug.jpg"), photo("bottle.jpg", "bottle.jpg"),
  ]);
  const dialog = page.getByRole("dialog", { name: "What do these columns mean?" });
  await expect(dialog).toBeVisible();
  await axe(page, "the columns of a list");
  for (const [column, field] of [["Artikel", "SKU"], ["Bild", "File name of the photo"], ["Bezeichnung", "Title"]]) {
    await page.getByRole("combobox", { name: `Read ${column} as` }).click();
    await page.getByRole("option", { name: field, exact: true }).click();
  }
  await expect(dialog.getByText("1 column is left out.")).toBeVisible();
  await page.getByRole("button", { name: "Read the list" }).click();
  await expect(page.getByText("Row 3: the spreadsheet shortened this number: 1,23457E+11.")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/by its words it is Windows-1252/)).toBeVisible();
  await expect.poll(async () => (await service.api<{ items: { sku: string; title: string }[] }>("GET", "/products")).items.map(({ sku, title }) => [sku, title]), { timeout: 60_000 })
    .toEqual([["00123", "Größe L, weiß"]]);

  await drop([{ name: "liste-2.csv", mimeType: "text/csv", buffer: western("Artikel;Bild;Preis\r\n00124;can.jpg;1\r\n") }, photo("can.jpg", "bottle.jpg")]);
  await expect(page.getByText(/The column Artikel was read as sku, as before/)).toBeVisible({ timeout: 60_000 });
  await expect(dialog).toHaveCount(0);
  await page.goto(`${service.address}/settings?tab=workspace`);
  await expect(page.getByRole("heading", { name: "Columns of lists" })).toBeVisible();
  await page.getByRole("button", { name: "Forget artikel" }).click();
  await expect(page.getByRole("button", { name: "Forget artikel" })).toHaveCount(0);
});
