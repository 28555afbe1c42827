/** Review by keys: 200 pictures, 20 of them planted, all found in the closer-look group, in few keys; and undo. */
import { expect, type Page } from "@playwright/test";
import { planted } from "./fill";
import { signIn, withService } from "./service";

const test = withService({ PACKSHOT_FAKE_MODELS: "true" });

class Keys {
  count = 0;
  constructor(private page: Page) {}
  async press(key: string): Promise<void> {
    this.count += 1;
    await this.page.keyboard.press(key);
  }
}

test("200 pictures with 20 planted defects are reviewed by keys", async ({ page, service }) => {
  const batch = await planted(service, "Planted", 200, 20);
  await signIn(page, service);
  await page.goto(`${service.address}/review/${batch}`);
  const look = page.getByRole("button", { name: /Needs a closer look/ });
  await expect(look).toContainText("20");
  await expect(page.getByRole("button", { name: /No issues found/ })).toContainText("180");

  const items = await service.api<{ items: { sku: string; photo_name: string }[] }>("GET", `/batches/${batch}/items?needs_look=true&limit=200`);
  expect(items.items.map((one) => one.photo_name).every((name) => name.startsWith("BAD"))).toBe(true);

  const keys = new Keys(page);
  for (let n = 0; n < 20; n += 1) {
    await keys.press("r");
    await expect(page.getByRole("radiogroup", { name: "What is wrong?" })).toBeVisible();
    await keys.press("7");
    await keys.press("Enter");
    await expect(page.getByRole("radiogroup", { name: "What is wrong?" })).toBeHidden();
  }
  await expect(look).toContainText("0");

  await page.getByRole("button", { name: /No issues found/ }).click();
  for (let sheet = 1; sheet <= 15; sheet += 1) {
    await expect(page.getByText(`Sheet ${sheet} of 15`)).toBeVisible();
    await page.waitForTimeout(2_100);
    await keys.press("Shift+A");
  }
  await expect(page.getByText("200 of 200 decided")).toBeVisible();
  expect(keys.count / 200).toBeLessThanOrEqual(1.3);

  // Undo brings the last sheet back, on the server too.
  await keys.press("z");
  await expect(page.getByText("188 of 200 decided")).toBeVisible();
  await expect
    .poll(async () => (await service.api<{ counts: Record<string, number> }>("GET", `/batches/${batch}/status`)).counts)
    .toMatchObject({ approved: 168, rejected: 20, review: 12 });
});
