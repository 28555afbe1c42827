/** Rendered sets: what is read off the photo until it is set by hand, a wait that is announced, and two heights to choose from. */
import { expect } from "@playwright/test";
import { join } from "node:path";
import { axe } from "./axe";
import { answers, type Answers } from "./fixed/answers";
import { test } from "./fixed/studio";

test("what follows the photo is set by hand, and back", async ({ page, open }) => {
  const requests: Record<string, unknown>[] = [];
  const own: Answers = {
    "POST /previews": (one) => {
      requests.push((one.body as { options: Record<string, unknown> }).options);
      return answers["POST /previews"]!(one);
    },
  };
  await open("/styles?style=podium", { answers: own });
  const side = page.getByRole("combobox", { name: "Light comes from" });
  await expect(side).toHaveValue("");
  await side.selectOption({ label: "The right" });
  await expect(page.getByText("Changed", { exact: true })).toBeVisible();
  await expect.poll(() => requests.at(-1)).toEqual({ side: "right" });
  await side.selectOption({ label: "From the photo" });
  await expect(page.getByText("Changed", { exact: true })).toBeHidden();

  const warmth = page.getByRole("checkbox", { name: "Warmth: from the photo" });
  await expect(warmth).toBeChecked();
  await warmth.uncheck({ force: true });
  await page.getByRole("slider", { name: "Warmth" }).press("ArrowRight");
  await expect.poll(() => requests.at(-1)).toEqual({ warmth: 0.01 });
  await warmth.check({ force: true });

  const colour = page.getByRole("checkbox", { name: "Brand colour: as the set comes" });
  await expect(colour).toBeChecked();
  await colour.uncheck({ force: true });
  await page.getByRole("textbox", { name: "Brand colour" }).fill("#3a6ea5");
  await expect.poll(() => requests.at(-1)).toEqual({ color: "#3a6ea5" });
  await axe(page, "style, set by hand");
  await colour.check({ force: true });
  await expect(page.getByText("Changed", { exact: true })).toBeHidden();
});

test("a set that is rendered for the first time says so, and stays usable", async ({ page, open }) => {
  await open("/styles?style=marble", { answers: { "POST /previews": () => undefined } });
  const before = await page.locator("figure").first().boundingBox();
  await expect(page.getByText("Rendering this set. It takes longer the first time.").first()).toBeVisible();
  expect(await page.locator("figure").first().boundingBox()).toEqual(before);
  await page.getByRole("combobox", { name: "Camera height" }).selectOption({ label: "Eye level" });
  await expect(page.getByText("Changed", { exact: true })).toBeVisible();
  await axe(page, "style, rendering");
  if (process.env.LOOK) await page.screenshot({ path: join(process.env.LOOK, "style-rendering.png") });
});

test("a product that does not suit a set is told before anything is made", async ({ page, open }) => {
  const fit = { check: "fit", verdict: "warn", words: "The product hangs.", value: null, limit: null, unit: "" };
  const own: Answers = {
    "POST /previews": (one) => {
      const job = answers["POST /previews"]!(one) as { result: { pictures: object[] } };
      return { ...job, result: { pictures: job.result.pictures.map((picture) => ({ ...picture, findings: [fit] })) } };
    },
  };
  await open("/styles?style=oak", { answers: own });
  await expect(page.locator("figure").getByText("Does not suit this set")).toHaveCount(2);
  await axe(page, "style, not suited");
  await open("/batches/new?collection=col_autumn&style=oak", { answers: own });
  await expect(page.locator("figure").getByText("Does not suit this set")).toHaveCount(3);
  await axe(page, "new batch, not suited");
  await open("/styles", { answers: own });
  await expect(page.getByRole("img", { name: "Oak table, on a product of ours" })).toBeVisible();
});

test("of two camera heights the other is taken by keyboard", async ({ page, open }) => {
  await open("/styles?style=podium");
  const compare = page.getByRole("button", { name: /^Camera height is a guess/ });
  await compare.press("Enter");
  await expect(page.getByRole("dialog").locator("img")).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox", { name: "Camera height" })).toHaveValue("other");
  await expect(compare).toHaveCount(0);

  const sent: unknown[] = [];
  await open("/review/bat_few?layout=grid", { answers: { "POST /review": ({ body }) => (sent.push(body), { act: "act_2", done: 1, results: [{ id: "itm_bat_few_0", outcome: "done", status: "processing", version: 2, words: "" }] }) } });
  await compare.press("Enter");
  await expect(page.getByRole("dialog").locator("img")).toHaveCount(2);
  await page.getByRole("button", { name: "Use this height" }).press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect.poll(() => sent).toMatchObject([{ decision: "retry", reason: "floats", items: [{ id: "itm_bat_few_0" }] }]);
});
