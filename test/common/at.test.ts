import { describe, expect, it } from "vitest";
import { at } from "../../common/at.js";

describe("at", () => {
  it("gives the element at a place, falsy ones as well", () => {
    expect(at([false, true], 0)).toBe(false);
  });

  it("throws where there is none", () => {
    expect(() => at(["a"], 1)).toThrow("no element at place 1 of 1");
  });
});
