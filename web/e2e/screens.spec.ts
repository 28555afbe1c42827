/**
 * Every screen in fixed states, light and dark: how it looks, and that axe finds nothing. The service is answered from
 * fixed/, so that a difference is the studio's own. `LOOK=folder npx playwright test screens` writes each state at three
 * widths instead of comparing it. After `--update-snapshots`, `../.venv/bin/python e2e/squeeze.py` keeps the pictures small.
 */
import { expect, type Page } from "@playwright/test";
import { join } from "node:path";
import { axe } from "./axe";
import { answers, empty, problem, type Answers } from "./fixed/answers";
import { findings, photo } from "./fixed/library";
import { settled, test } from "./fixed/studio";

const LOOK = process.env.LOOK;
test.use({ viewport: { width: 1280, height: 800 }, timezoneId: "UTC", locale: "en-GB" });

async function shot(page: Page, name: string): Promise<void> {
  await page.mouse.move(1, 1);
  await settled(page);
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", scheme);
    if (LOOK) {
      for (const width of [1440, 1024, 1280]) {
        await page.setViewportSize({ width, height: width === 1440 ? 900 : 800 });
        await page.waitForTimeout(250);
        await page.screenshot({ path: join(LOOK, `${name}-${width}-${scheme}.png`) });
      }
    }
    if (!LOOK) await expect(page).toHaveScreenshot(`${name}-${scheme}.png`, { maxDiffPixelRatio: 0.004 });
    await axe(page, `${name}, ${scheme}`, 0); // nothing moves any more
  }
}

type State = { name: string; path: string; answers?: Answers; online?: boolean; stored?: Record<string, string>; ready: (page: Page) => Promise<unknown> };
const sees = (words: string | RegExp) => (page: Page) => expect(page.getByText(words).first()).toBeVisible();
const pictures = (least: number) => (page: Page) => expect.poll(() => page.locator("img[data-state=ready]").count()).toBeGreaterThanOrEqual(least);
const broken = () => problem(400, "The database is being moved.", "Try again in a minute.", "req_7f3a90");
const review = (batch: string, more = "") => `/review/${batch}${more}`;
const all = (...steps: ((page: Page) => Promise<unknown>)[]) => async (page: Page) => {
  for (const step of steps) await step(page);
};

const states: State[] = [
  { name: "sign-in", path: "/sign-in", ready: sees("Forgotten your password") },
  { name: "welcome", path: "/welcome?token=once", ready: sees("Choose how you sign in") },
  { name: "start-new", path: "/", answers: empty, ready: sees("Try it with sample photos") },
  { name: "start", path: "/", ready: sees("Autumn catalog, 25 Nov") },

  { name: "library-empty", path: "/library", answers: empty, ready: sees("There are no products yet") },
  { name: "library", path: "/library", ready: pictures(12) },
  { name: "library-failing", path: "/library", answers: { "GET /products": broken }, ready: sees("The database is being moved") },
  {
    name: "library-selected", path: "/library?collection=col_autumn",
    ready: all(pictures(10), async (page) => {
      for (const at of [0, 2, 3]) await page.getByRole("checkbox").nth(at).check({ force: true });
      await page.mouse.move(5, 5);
    }),
  },
  { name: "product", path: "/library/prd_4", ready: pictures(3) },

  { name: "upload-empty", path: "/upload", answers: empty, ready: sees("Drop photos here") },

  { name: "styles", path: "/styles", ready: pictures(4) },
  {
    name: "style", path: "/styles?style=tpl_linen",
    ready: all(sees("Standing line"), async (page) => {
      await page.getByRole("slider", { name: "Strength" }).press("ArrowRight");
      await expect(page.getByText("Not saved")).toBeVisible();
      await expect(page.locator("figure img")).toHaveCount(2);
      await page.waitForTimeout(500);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    }),
  },

  { name: "style-set", path: "/styles?style=podium", ready: all(sees("Camera height is a guess: compare"), (page) => expect(page.locator("figure img")).toHaveCount(2)) },
  {
    name: "style-heights", path: "/styles?style=podium",
    ready: all(sees("Camera height is a guess: compare"), (page) => page.getByRole("button", { name: /^Camera height is a guess/ }).click(), (page) => expect(page.getByRole("dialog").locator("img")).toHaveCount(2)),
  },

  { name: "batches", path: "/batches", ready: pictures(12) },
  {
    name: "batch-new", path: "/batches/new?collection=col_autumn&style=white", stored: { "packshot-channels": '["amazon","shopify"]' },
    ready: all(pictures(20), (page) => expect(page.locator("figure img")).toHaveCount(3)),
  },
  {
    name: "batch-new-channels", path: "/batches/new?collection=col_autumn&style=tpl_linen", stored: { "packshot-channels": '["amazon","shopify"]' },
    ready: all(pictures(20), async (page) => {
      await expect(page.locator("figure img")).toHaveCount(3);
      await page.getByRole("button", { name: /^Channels/ }).click();
      await page.waitForTimeout(900);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    }),
  },
  { name: "batch-going", path: "/batches/bat_going", ready: pictures(12) },
  { name: "batch-offline", path: "/batches/bat_going", online: false, ready: all(pictures(12), sees("No connection to Packshot")) },
  { name: "batch-failing", path: "/batches/bat_failing", ready: all(pictures(12), sees("The photo is damaged")) },
  { name: "batch-held", path: "/batches/bat_held", ready: all(pictures(12), sees("Cut off by the frame")) },

  { name: "reviews", path: "/review", ready: sees("Kitchen and table") },
  { name: "review", path: review("bat_review"), ready: all(pictures(4), sharp) },
  { name: "review-few", path: review("bat_few", "?layout=grid"), ready: all(pictures(6), sharp) },
  {
    name: "review-heights", path: review("bat_few", "?layout=grid"),
    ready: all(pictures(6), sharp, (page) => page.getByRole("button", { name: /^Camera height is a guess/ }).click(), (page) => expect(page.getByRole("dialog").locator("img")).toHaveCount(2)),
  },
  { name: "review-sheet", path: review("bat_review", "?group=fine"), ready: pictures(12) },
  { name: "review-reject", path: review("bat_review"), ready: all(pictures(4), sharp, (page) => page.keyboard.press("r"), (page) => page.keyboard.press("3"), sees(/A retry changes/)) },
  { name: "review-versions", path: review("bat_review"), ready: all(pictures(4), sharp, (page) => page.keyboard.press("v"), sees("Shadow softness")) },
  { name: "review-compare", path: review("bat_review", "?layout=loupe"), ready: all(sharp, (page) => page.keyboard.press("x"), (page) => expect(page.getByRole("slider")).toBeVisible()) },
  {
    name: "review-all-decided", path: review("bat_decided", "?group=look"), ready: sees("All pictures are decided"),
  },
  { name: "review-2000", path: review("bat_large", "?group=all&layout=grid"), ready: all(pictures(12), sharp, async (page) => {
    await page.locator("[data-review-grid]").evaluate((grid) => void (grid.scrollTop = 20_000));
    await page.waitForTimeout(400);
  }) },
  { name: "review-failing", path: review("bat_review"), answers: { "GET /batches/:/items": () => problem(500, "The disk is full.", "Make room, then try again.", "req_9c11d2") }, ready: sees("The disk is full") },

  { name: "deliver", path: "/deliver?batch=bat_decided", ready: all(pictures(6), sees("Stays here")) },
  { name: "deliver-failures", path: "/deliver?export=job_exp_s3", ready: all(pictures(6), sees("3 files did not arrive")) },
  { name: "deliver-empty", path: "/deliver", answers: empty, ready: sees("Approved files leave from here") },

  { name: "settings-team", path: "/settings", ready: sees("Ben Okafor") },
  { name: "settings-keys", path: "/settings?tab=keys", ready: sees("Shop import") },
  { name: "settings-channels", path: "/settings?tab=channels", ready: sees("Must hold") },
  { name: "settings-workspace", path: "/settings?tab=workspace", ready: sees("Watched folder") },
  { name: "settings-you", path: "/settings?tab=you", ready: sees("Single-key shortcuts") },

  { name: "shortcuts", path: "/batches", answers: empty, ready: all(sees("No batches yet"), (page) => page.keyboard.press("?"), (page) => expect(page.getByRole("dialog")).toBeVisible()) },
];

/** Menus, where only axe looks. */
const menus: State[] = [
  { name: "menu of a batch", path: "/batches/bat_going", ready: (page) => page.getByRole("button", { name: /^More for/ }).click() },
  { name: "menu of a style", path: "/styles?style=tpl_linen", ready: (page) => page.getByRole("button", { name: "More" }).click() },
  { name: "menu of findings", path: review("bat_review"), ready: (page) => page.getByRole("button", { name: "By finding" }).click() },
  { name: "menu of a product", path: "/library/prd_4", ready: (page) => page.getByRole("button", { name: "More" }).click() },
  { name: "roles", path: "/settings", ready: (page) => page.getByRole("combobox", { name: "Role of Ben Okafor" }).click() },
];
for (const { name, path, ready } of menus) {
  test(name, async ({ page, open }) => {
    await open(path);
    await ready(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await axe(page, `${name}, ${colorScheme}`, 200);
    }
  });
}

/** The large picture is shown over the quick one. */
async function sharp(page: Page): Promise<void> {
  await expect(page.locator("img[data-sharp]")).toBeVisible();
}

for (const { name, path, ready, ...options } of states) {
  test(name, async ({ page, open }) => {
    await open(path, options);
    await ready(page);
    await shot(page, name);
  });
}

/** What the service says of each file that the list below sends; the last three are still on their way. */
const uploads: Answers = {
  "POST /images": ({ body }) => {
    const name = /filename="([^"]+)"/.exec(String(body))?.[1] ?? "";
    const sent = (at: number, flagged: readonly (typeof findings)[keyof typeof findings][] = []) => photo(at, 0, { findings: [...flagged], bytes: 2_400_000 });
    if (name.startsWith("BAG")) return sent(5);
    if (name.startsWith("BEAR")) return sent(3, [findings.blur]);
    if (name.startsWith("CAN")) return { ...problem(422, "The file is cut short: 61 % of it is there.", "Send a fresh copy of it."), code: "damaged_file" };
    if (name.startsWith("JAR")) return sent(4, [findings.border, findings.dark]);
    return undefined;
  },
};
test("upload", async ({ page, open, studio }) => {
  await open("/upload", { answers: { ...uploads, "GET /collections": answers["GET /collections"]! } });
  await expect(page.getByText("Drop photos here")).toBeVisible();
  const file = (name: string, of: string) => ({ name, mimeType: "image/jpeg", buffer: studio.pictures.get(`thumb-${of}`)!.body });
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).click();
  await (await chooser).setFiles([
    file("BAG-101.jpg", "bag"), file("BEAR-101.jpg", "bear"), file("CAN-101.jpg", "can"), file("JAR-101.jpg", "jar"), file("MUG-101.jpg", "mug"), file("PEAK-101.jpg", "bottle"),
    file("VASE-101.jpg", "jar"), file("WATCH-101.jpg", "bag"), { name: "DSC_0042.NEF", mimeType: "", buffer: Buffer.from("raw") },
  ]);
  await expect(page.getByText("2 need a look")).toBeVisible();
  await expect(page.getByText(/Sending, /)).toHaveCount(3);
  await shot(page, "upload");
});

test("upload-columns", async ({ page, open }) => {
  const column = (name: string, means: string | null, values: string[], remembered = false) => ({ name, means, values, remembered });
  const list = {
    columns: [
      column("Artikelnummer", null, ["MUG-GREEN", "MUG-BLUE", "00123"]), column("Bilddatei", null, ["Becher grün.jpg", "Becher blau.jpg"]), column("EAN", "gtin", ["4006381333931"], true),
      column("title", "title", ["Stoneware mug, green, with a handle that is made by hand", "Stoneware mug, blue"]), column("VK brutto", null, ["24,90", "26,90"]), column("Lagerort", null, []),
    ],
    fields: ["sku", "file", "url", "gtin", "asin", "title", "role", "style", "channel", "priority"], lacks: ["sku", "file"], rows: [], notes: [],
  };
  await open("/upload", { answers: { ...empty, "POST /lists": () => list } });
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).click();
  await (await chooser).setFiles([{ name: "Sommer 2027.csv", mimeType: "text/csv", buffer: Buffer.from("Artikelnummer;Bilddatei") }]);
  await expect(page.getByRole("dialog", { name: "What do these columns mean?" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Read the list" })).toBeDisabled();
  await page.getByRole("combobox", { name: "Read Artikelnummer as" }).click();
  await page.getByRole("option", { name: "SKU" }).click();
  await expect(page.getByText("which column names the photo")).toBeVisible();
  await shot(page, "upload-columns");
  await page.getByRole("combobox", { name: "Read Bilddatei as" }).click();
  await expect(page.getByRole("option", { name: "SKU" })).toBeDisabled();
  await page.getByRole("option", { name: "File name of the photo" }).click();
  await expect(page.getByRole("button", { name: "Read the list" })).toBeEnabled();
});
