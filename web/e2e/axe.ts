/** axe over the page as it is: a journey calls it in every state. */
import { expect, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
type AxeResult = { violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] };

/** wait: until menus and dialogs have come in. A colour on its way from light to dark is not checked. */
export async function axe(page: Page, where: string, wait = 350): Promise<void> {
  await page.waitForTimeout(wait);
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== "running" || one.effect?.getComputedTiming().iterations === Infinity));
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(source);
  const { violations } = await page.evaluate<AxeResult>("axe.run(document, { resultTypes: ['violations'] })");
  const sentences = violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.failureSummary.split("\n").at(-1)?.trim()})`).join("; ")}`);
  expect(sentences, where).toEqual([]);
}
