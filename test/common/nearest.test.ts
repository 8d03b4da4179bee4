import { describe, expect, it } from "vitest";
import { nearest } from "../../common/text/nearest.js";

describe("the nearest word", () => {
  const WORDS = ["post", "show", "wait", "flows", "simple_http_webserver"];

  it.each([
    ["pots", "post"],
    ["shwo", "show"],
    ["sho", "show"],
    ["flow", "flows"],
    ["simple_http_server", "simple_http_webserver"],
    ["post", "post"],
  ])("to %s is %s", (word, meant) => {
    expect(nearest(word, WORDS)).toBe(meant);
  });

  it.each(["", "x", "backup", "completely different"])("to %j is none", (word) => {
    expect(nearest(word, WORDS)).toBeUndefined();
  });

  it("is the first of two equally near ones", () => {
    expect(nearest("bat", ["cat", "hat"])).toBe("cat");
  });
});
