/** A cut-out corrected by strokes, clicks and outlines, against a real service with the real model: by pointer and by keys, saved, undone, and what became of it. */
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

/** Whether that part of the backdrop is shown as product: what is cut away is far darker. */
async function isPainted(page: Page, point: readonly [number, number]): Promise<boolean> {
  const [x, y] = await at(page, point);
  const pane = (await stage(page).boundingBox())!;
  return page.locator("canvas").evaluate(
    (canvas, [x, y]) => Math.max(...(canvas as HTMLCanvasElement).getContext("2d")!.getImageData(x! * devicePixelRatio, y! * devicePixelRatio, 1, 1).data.subarray(0, 3)) > 110, [x - pane.x, y - pane.y],
  );
}
/** When the newest draft was stored; 0: there is none. */
const draftTime = (page: Page) => page.evaluate(() => new Promise<number>((done) => {
  const opening = indexedDB.open("packshot-drafts");
  opening.onsuccess = () => {
    const all = opening.result.transaction("mattes").objectStore("mattes").getAll();
    all.onsuccess = () => (opening.result.close(), done(Math.max(0, ...(all.result as { at: number }[]).map((one) => one.at))));
  };
}));

/** Draws along points of the photo with the button held. */
async function drag(page: Page, ...path: (readonly [number, number])[]): Promise<void> {
  await page.mouse.move(...(await at(page, path[0]!)));
  await page.mouse.down();
  for (const point of path.slice(1)) await page.mouse.move(...(await at(page, point)), { steps: 6 });
  await page.mouse.up();
}
const open = async (page: Page, service: Service, photo: Photo): Promise<void> => {
  await page.goto(`${service.address}/library/${photo.product_id}`);
  await page.getByRole("button", { name: "Correct the cut-out" }).click();
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(true);
};
const follow = (page: Page) => page.getByRole("switch", { name: "Follow edges" });
const brushSize = (page: Page) => page.getByRole("textbox", { name: "Brush size in pixels" });

async function both(page: Page, where: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
    await axe(page, `${where}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

test("a part is removed, a part added, taken back and saved as version 2; an earlier version is used again", async ({ page, service }) => {
  const photo = await mug(service, "MUG-LIBRARY");
  await signIn(page, service);
  await open(page, service, photo);
  expect(await isProduct(page, BALL)).toBe(false);
  await expect(save(page)).toBeDisabled();
  await both(page, "cut-out, opened");

  // Too much and too little, each corrected by a click; painting goes on while it is answered.
  await page.getByRole("button", { name: "Remove a part" }).click();
  await click(page, HANDLE);
  await expect(page.getByRole("img", { name: "Part to remove, being cut out" })).toBeVisible();
  await expect(save(page)).toBeDisabled();
  await expectStatus(page, "The cut-out has changed.");
  await expect.poll(() => isProduct(page, HANDLE)).toBe(false);
  await page.keyboard.press("k");
  await click(page, BALL);
  await page.keyboard.press("b");
  await page.keyboard.press("s");
  await drag(page, [1300, 1700], [1400, 1700]);
  expect(await isPainted(page, [1350, 1700])).toBe(true);
  await expect.poll(() => isProduct(page, BALL), ANSWER).toBe(true);
  expect(await isPainted(page, [1350, 1700])).toBe(true);
  await both(page, "cut-out, clicks and a stroke");

  // Undo and redo, step by step; before and after.
  await page.keyboard.press("Control+z");
  await expect.poll(() => isProduct(page, BALL)).toBe(false);
  await page.keyboard.press("Control+Shift+z");
  await expect.poll(() => isProduct(page, BALL)).toBe(true);
  await page.keyboard.press("x");
  await expect.poll(() => isProduct(page, HANDLE)).toBe(true);
  await page.keyboard.press("x");
  await expect.poll(() => isProduct(page, HANDLE)).toBe(false);

  // Nothing is lost by Escape; what is saved can be undone.
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Leave without saving?" })).toBeVisible();
  await both(page, "cut-out, leaving");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Leave without saving?" })).toBeHidden();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("The cut-out is saved as version 2.").first()).toBeVisible(ANSWER);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await currentVersion(service, photo)).toBe(2);
  expect((await mattes(service, photo))[0]!.source).toBe("by hand");
  await page.getByText("Cut-out", { exact: true }).click();
  await expect(page.getByRole("img", { name: "mug.jpg, cut out" })).toHaveAttribute("src", /v=2$/);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("img", { name: "mug.jpg, cut out" })).toHaveAttribute("src", /v=1$/);
  expect(await currentVersion(service, photo)).toBe(1);

  await page.getByRole("button", { name: "Correct the cut-out" }).click();
  await page.getByRole("button", { name: "Use version 2" }).click();
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(false);
  expect(await currentVersion(service, photo)).toBe(2);
});

test("brushes, strokes along edges, outlines and the whole edge", async ({ page, service }) => {
  const photo = await mug(service, "MUG-BRUSH");
  await signIn(page, service);
  await open(page, service, photo);
  const BODY = [750, 1300] as const;
  expect(await isProduct(page, BODY)).toBe(true);

  // As it is drawn: what lies under the brush, and no more; Alt does the opposite.
  await expect(follow(page)).not.toBeChecked();
  await brushSize(page).fill("60");
  await brushSize(page).blur();
  await drag(page, [700, 1300], [800, 1300]);
  await expect.poll(() => isProduct(page, BODY)).toBe(false);
  expect(await isProduct(page, [750, 1360])).toBe(true);
  await page.keyboard.down("Alt");
  await drag(page, [700, 1300], [800, 1300]);
  await page.keyboard.up("Alt");
  await expect.poll(() => isProduct(page, BODY)).toBe(true);
  for (const name of ["Soft", "Feather"]) await page.getByText(name, { exact: true }).click();
  await both(page, "cut-out, a brush without edges");

  // Along edges: a thin stroke on the ball spreads over it, and not over the wall.
  await page.keyboard.press("s");
  await page.keyboard.press("b");
  await drag(page, [700, 450], [750, 464], [800, 450]);
  await expect.poll(() => isProduct(page, [750, 510]), ANSWER).toBe(true);
  await expect(save(page)).toBeEnabled();
  await page.keyboard.press("Control+z");
  await expect.poll(() => isProduct(page, [750, 510])).toBe(false);

  // An outline: corners, one taken back, closed on the first one.
  await page.keyboard.press("o");
  for (const corner of [[600, 1200], [900, 1200], [1400, 200]] as const) await click(page, corner);
  await page.keyboard.press("Backspace");
  for (const corner of [[900, 1500], [600, 1500]] as const) await click(page, corner);
  await both(page, "cut-out, an outline");
  await click(page, [600, 1200]);
  await expectStatus(page, "Outline filled.");
  await expect.poll(() => isProduct(page, BODY)).toBe(false);
  await page.keyboard.press("Control+z");
  await page.getByRole("button", { name: "Grow by 1 px" }).click();
  await expectStatus(page, "The edge has grown by a pixel.");
  await page.getByRole("button", { name: "Shrink by 1 px" }).click();
  await expectStatus(page, "The edge has shrunk by a pixel.");

  // The draft is there after a reload, and can be dropped.
  await page.keyboard.press("o");
  for (const corner of [[600, 1200], [900, 1200], [900, 1500], [600, 1200]] as const) await click(page, corner);
  await expect.poll(() => isProduct(page, [850, 1250])).toBe(false);
  const painted = await page.evaluate(() => Date.now());
  await expect.poll(() => draftTime(page)).toBeGreaterThan(painted);
  await page.reload();
  await page.getByRole("button", { name: "Correct the cut-out" }).click();
  await expect(page.getByText("Your unsaved strokes are back.").first()).toBeVisible(ANSWER);
  await expect.poll(() => isProduct(page, [850, 1250])).toBe(false);
  await both(page, "cut-out, a draft");
  await page.getByRole("button", { name: "Start over" }).click();
  await expect.poll(() => isProduct(page, [850, 1250])).toBe(true);
  await expect.poll(() => draftTime(page)).toBe(0);

  // A second tab is told.
  const second = await page.context().newPage();
  await second.goto(page.url());
  await second.getByRole("button", { name: "Correct the cut-out" }).click();
  await expect(second.getByText(/open in another tab/)).toBeVisible(ANSWER);
  await page.keyboard.press("Escape");
  await expect(second.getByText(/open in another tab/)).toBeHidden();
  await second.close();
});

test("by keyboard alone: the cross is moved, dabs, draws lines and boxes", async ({ page, service }) => {
  const photo = await mug(service, "MUG-KEYS");
  await signIn(page, service);
  await page.goto(`${service.address}/library/${photo.product_id}`);
  await expect(page.getByRole("button", { name: "Correct the cut-out" })).toBeVisible();
  await page.keyboard.press("e");
  await expect(stage(page)).toBeFocused(ANSWER);
  await expect.poll(() => isProduct(page, HANDLE), ANSWER).toBe(true);
  await page.keyboard.press("s");
  await page.keyboard.press("ArrowLeft"); // the cross starts in the middle
  await expectStatus(page, "750, 1000");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("]");
  await expectStatus(page, /^Brush size 6\d px/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+Enter"); // a line from the dab to here
  await expect.poll(() => isProduct(page, [735, 1100])).toBe(false);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await expect(save(page)).toBeDisabled();
  await page.keyboard.press("1");
  await expect(page.getByRole("group", { name: "100 %" })).toBeVisible();
  for (let step = 0; step < 25; step += 1) await page.keyboard.press("Shift+ArrowRight"); // the view follows to the photo's edge
  await expectStatus(page, /^1499, /);
  await page.keyboard.press("0");
  await page.keyboard.press("o"); // a triangle, closed on its first corner
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Enter");
  await expectStatus(page, /^3 corners/);
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Enter");
  await expectStatus(page, "Outline filled.");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Escape"); // there is nothing to lose
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a failing service and another person's change are told, and no stroke is lost", async ({ page, service }) => {
  const photo = await mug(service, "MUG-TOLD");
  await signIn(page, service);
  await open(page, service, photo);

  await page.route("**/matte/hints", (route) => route.abort());
  await page.keyboard.press("r");
  await click(page, HANDLE);
  await expect(page.getByRole("alert")).toContainText("No answer to this click.");
  expect(await isProduct(page, HANDLE)).toBe(true);
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
