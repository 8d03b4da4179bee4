import { describe, expect, it } from "vitest";
import { differenceLines } from "../../cli/agent/flow/difference.js";

describe("the difference of two texts", () => {
  it("has the lines that go and those that come, in their order", () => {
    expect(differenceLines("a\nb\nc\n", "a\nx\nc\nd\n")).toEqual(["- b", "+ x", "+ d"]);
  });

  it("is nothing when they are the same, whatever ends them", () => {
    expect(differenceLines("a\nb", "a\nb\n")).toEqual([]);
  });

  it("is not looked for in texts that nobody would read", () => {
    expect(differenceLines("a\n".repeat(3000), "b")).toEqual(["(too long to compare)"]);
  });
});
