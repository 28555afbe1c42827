import { describe, expect, it } from "vitest";
import { moved } from "./draft";

const under = [{ name: "side", value: null }, { name: "color", value: "" }, { name: "baseline", value: 0.88 }];

describe("an option that is moved", () => {
  it("is held by the style", () => {
    expect(moved({ size: 0.5 }, under, "side", "left")).toEqual({ size: 0.5, side: "left" });
    expect(moved({ side: "left" }, under, "side", "right")).toEqual({ side: "right" });
  });
  it("is not held once it is unset as on the base", () => {
    expect(moved({ side: "left", size: 0.5 }, under, "side", null)).toEqual({ size: 0.5 });
    expect(moved({ color: "#aabbcc" }, under, "color", null)).toEqual({});
    expect(moved({ color: "#aabbcc" }, under, "color", "")).toEqual({});
  });
  it("is held as unset where the base sets it", () => {
    expect(moved({}, under, "baseline", null)).toEqual({ baseline: null });
  });
});
