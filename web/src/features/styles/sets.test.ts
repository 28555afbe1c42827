import { expect, it } from "vitest";
import shipped from "../../../e2e/fixed/shipped.json";
import { isRendered } from "./sets";

it("has a picture of each rendered set, and of nothing else", () => {
  for (const { id, options } of shipped.styles) expect([id, isRendered(id)]).toEqual([id, options.some((one) => ["side", "height", "body"].includes(one.name))]);
});
