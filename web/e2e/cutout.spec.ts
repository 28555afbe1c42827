/** A cut-out corrected by hints, against a real service with the real model: by pointer and by keys, saved, undone, and what became of it. */
import { expect, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { axe } from "./axe";
import { SAMPLES, Service, signIn, until, withService } from "./service";

const test = withService();
const [HANDLE, BALL] = [[480, 1200], [750, 464]] as const; // of the mug's photo, 1500 × 2000: what is cut out of it, and a ball behind it
const ANSWER = { timeout: 90_000 };

type Photo = { id: string; product_id: string };
type Matte = { version: number; current: boolean; source: string };

async function mug(service: Service, sku: string): Promise<Photo> {
  const form = new FormData();
  form.append("file", new Blob([readFileSync(join(SAMPLES, "mug.jpg"))], { type: "image/jpeg" }), "mug.jpg");
  form.append("sku", sku);
  const photo = await service.api<Photo>("POST", "/images", form);
  await service.api("POST", `/images/${photo.id}/segment`, {}, { Prefer: "wait=60" });
  await until(async () => (await mattes(service, photo)).length === 1, 90, "the cut-out");
  return photo;
}
const mattes = (service: Service, photo: Photo) => service.api<Matte[]>("GET", `/images/${photo.id}/mattes`);
const currentVersion = async (service: Service, photo: Photo) => (await mattes(service, photo)).find((one) => one.current)?.version;

const stage = (page: Page) => page.getByRole("application");
const expectStatus = (page: Page, words: string | RegExp) => expect(page.getByRole("dialog").getByRole("status")).toHaveText(words, ANSWER);
const save = (page: Page) => page.getByRole("button", { name: "Save" });

/** Where a pixel of the photo, seen as a whole, lies in the window. */
async function at(page: Page, [x, y]: readonly [number, number]): Promise<[number, number]> {
  const pane = (await stage(page).boundingBox())!;
  const scale = Math.min((pane.width - 56) / 1500, (pane.height - 56) / 2000);
  return [pane.x + pane.width / 2 + (x - 750) * scale, pane.y + pane.height / 2 + (y - 1000) * scale];
}
const click = async (page: Page, point: readonly [number, number]) => page.mouse.click(...(await at(page, point)));

/** Whether that part is shown as product, in its colours; what is cut away has none. Beside the pin, which may stand on it. */
async function isProduct(page: Page, point: readonly [number, number]): Promise<boolean> {
  const [x, y] = await at(page, point);
  const pane = (await stage(page).boundingBox())!;
  const [r, g, b] = await page.locator("canvas").evaluate(
    (canvas, [x, y]) => [...(canvas as HTMLCanvasElement).getContext("2d")!.getImageData(x! * devicePixelRatio, y! * devicePixelRatio, 1, 1).data], [x - pane.x, y - pane.y],
  );
  return Math.max(r!, g!, b!) - Math.min(r!, g!, b!) > 15;
}

async function both(page: Page, where: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
    await axe(page, `${where}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

test("what is pointed out is removed, kept, taken back and saved as version 2", async ({ page, service }) => {
  const photo = await mug(service, "MUG-LIBRARY");
  await signIn(page, service);
  await page.goto(`${service.address}/library/${photo.product_id}`);
  await page.getByRole("button", { name: "Correct the cut-out" }).click();
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(true);
  expect(await isProduct(page, BALL)).toBe(false);
  await expect(save(page)).toBeDisabled();
  await both(page, "cut-out, opened");

  // Too much and too little, each corrected by a hint.
  await page.getByRole("button", { name: "Remove Click on what" }).click();
  await click(page, HANDLE);
  await expectStatus(page, "The cut-out has changed.");
  await expect.poll(() => isProduct(page, HANDLE)).toBe(false);
  await page.keyboard.press("k");
  await click(page, BALL);
  await expect.poll(() => isProduct(page, BALL), ANSWER).toBe(true);
  await both(page, "cut-out, two hints");

  // Undo and redo; an earlier answer is shown again.
  await page.keyboard.press("Control+z");
  await expect.poll(() => isProduct(page, BALL)).toBe(false);
  await page.keyboard.press("Control+Shift+z");
  await expect.poll(() => isProduct(page, BALL)).toBe(true);
  await page.keyboard.press("x");
  await expect.poll(() => isProduct(page, HANDLE)).toBe(true);
  await page.keyboard.press("x");
  await page.getByRole("button", { name: /^Delete hint: Keep/ }).click();
  await expect.poll(() => isProduct(page, BALL)).toBe(false);

  // A hint that changes nothing says so, and is dragged elsewhere; a box is drawn, chosen and deleted.
  await page.keyboard.press("r");
  await click(page, [1300, 1800]);
  await expectStatus(page, /^That changed nothing/);
  const beside = page.getByRole("button", { name: /^Remove hint at 1[123]\d\d, 1[78]\d\d$/ });
  const label = await beside.getAttribute("aria-label");
  await beside.hover({ position: { x: 14, y: 12 } });
  await page.mouse.down();
  await page.mouse.move(...(await at(page, [1200, 1750])), { steps: 4 });
  await page.mouse.up();
  await expect(beside).not.toHaveAttribute("aria-label", label!);
  await page.keyboard.press("b");
  await page.mouse.move(...(await at(page, [350, 800])));
  await page.mouse.down();
  await page.mouse.move(...(await at(page, [1250, 1750])), { steps: 4 });
  await page.mouse.up();
  const box = page.getByRole("button", { name: /^Box, 9\d\d × 9\d\d px/ });
  await box.click();
  await both(page, "cut-out, a box chosen");
  await page.keyboard.press("Delete");
  await expect(box).toHaveCount(0);
  await page.getByRole("button", { name: /^Delete hint: Remove, 1/ }).click();

  // Nothing is lost by Escape; what is saved can be undone.
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Leave without saving?" })).toBeVisible();
  await both(page, "cut-out, leaving");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Leave without saving?" })).toBeHidden();
  await expect(save(page)).toBeEnabled(ANSWER);
  await page.keyboard.press("Control+s");
  await expect(page.getByText("The cut-out is saved as version 2.").first()).toBeVisible(ANSWER);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await currentVersion(service, photo)).toBe(2);
  await page.getByText("Cut-out", { exact: true }).click();
  await expect(page.getByRole("img", { name: "mug.jpg, cut out" })).toHaveAttribute("src", /v=2$/);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("img", { name: "mug.jpg, cut out" })).toHaveAttribute("src", /v=1$/);
  expect(await currentVersion(service, photo)).toBe(1);
});

test("by keyboard alone: the cross is moved, placed and zoomed to", async ({ page, service }) => {
  const photo = await mug(service, "MUG-KEYS");
  await signIn(page, service);
  await page.goto(`${service.address}/library/${photo.product_id}`);
  await expect(page.getByRole("button", { name: "Correct the cut-out" })).toBeVisible();
  await page.keyboard.press("e");
  await expect(stage(page)).toBeFocused();
  await page.keyboard.press("r");
  await page.keyboard.press("ArrowLeft"); // the cross starts in the middle
  await expectStatus(page, "750, 1000");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const hint = page.getByRole("button", { name: /^Remove hint at/ });
  await expect(hint).toHaveCount(1);
  await page.keyboard.press("1");
  await expect(page.getByRole("group", { name: "100 %" })).toBeVisible();
  for (let step = 0; step < 25; step += 1) await page.keyboard.press("Shift+ArrowRight"); // the view follows to the photo's edge
  await expectStatus(page, /^1499, /);
  await page.keyboard.press("b");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /^Box, / })).toHaveCount(1);
  await page.keyboard.press("0");
  await page.keyboard.press("Shift+Tab"); // out of the photo, and back over its hints
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(hint).toBeFocused();
  await page.keyboard.press("Delete");
  await expect(hint).toHaveCount(0);
  await expect(stage(page)).toBeFocused();
  await page.getByRole("button", { name: "Clear" }).press("Enter");
  await page.keyboard.press("Escape"); // there is nothing to lose
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a failing service and another person's change are told, and no hint is lost", async ({ page, service }) => {
  const photo = await mug(service, "MUG-TOLD");
  await signIn(page, service);
  await page.goto(`${service.address}/library/${photo.product_id}`);
  await page.getByRole("button", { name: "Correct the cut-out" }).click();
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(true);

  await page.route("**/matte/hints", (route) => route.abort());
  await page.keyboard.press("r");
  await click(page, HANDLE);
  await expect(page.getByRole("alert")).toContainText("No answer to this hint.");
  expect(await isProduct(page, HANDLE)).toBe(true); // the last answer is still shown
  await both(page, "cut-out, no answer");
  await page.unroute("**/matte/hints");
  await page.getByRole("alert").getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(false);

  await service.api("POST", `/images/${photo.id}/matte/hints`, { keep: [BALL] }, { Prefer: "wait=60" });
  await until(async () => (await currentVersion(service, photo)) === 2, 90, "another person's version");
  await expect(save(page)).toBeEnabled();
  await save(page).click();
  await expect(page.getByRole("alert")).toContainText("Somebody changed this cut-out while you worked on it.");
  await page.getByRole("button", { name: "Load it again" }).click();
  await expect.poll(() => isProduct(page, BALL), ANSWER).toBe(true);
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(false);
  await expect(save(page)).toBeEnabled(ANSWER);
  await save(page).click();
  await expect(page.getByText("The cut-out is saved as version 3.").first()).toBeVisible(ANSWER);
});

test("from review, the picture is made again with the corrected cut-out", async ({ page, service }) => {
  const photo = await mug(service, "MUG-REVIEW");
  const { batch } = await service.api<{ batch: { id: string } }>("POST", "/batches", { name: "Mugs", source: { images: [photo.id] }, styles: [{ style: "white" }], channels: ["shopify"] });
  const item = async () => (await service.api<{ items: { status: string; version: number }[] }>("GET", `/batches/${batch.id}/items`)).items[0];
  await until(async () => (await item())?.status === "review", 120, "the picture");
  await signIn(page, service);
  await page.goto(`${service.address}/review/${batch.id}?group=all&layout=grid`);
  await expect(page.getByRole("button", { name: "Correct the cut-out" })).toBeVisible();
  await page.keyboard.press("r");
  await page.getByRole("radio", { name: /Part is missing/ }).click();
  await both(page, "review, the cut-out is wrong");
  await page.keyboard.press("e");
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(true);
  await expect(page.getByText("1 picture of this photo is made again by itself.")).toBeVisible();
  await page.keyboard.press("r");
  await click(page, HANDLE);
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(false);
  await page.keyboard.press("Control+s");
  await expect(page.getByText("The cut-out is saved as version 2. 1 picture is being made again.").first()).toBeVisible(ANSWER);
  await until(async () => (await item())?.status === "review" && (await item())?.version === 2, 120, "its second version");
  await page.keyboard.press("v");
  await expect(page.getByText(/^Cut-out corrected/)).toBeVisible(ANSWER);
});
