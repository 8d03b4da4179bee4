import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BAD_INPUTS } from "./table.js";

const ROOT = join(import.meta.dirname, "..", "..");

describe("the table of bad inputs", () => {
  it.each(BAD_INPUTS)("has a test for $input", ({ proof: [file, words] }) => {
    expect(readFileSync(join(ROOT, file), "utf8")).toContain(words);
  });

  it("is whole, and says each once", () => {
    expect(BAD_INPUTS).toHaveLength(54);
    expect(new Set(BAD_INPUTS.map(({ input }) => input)).size).toBe(54);
  });
});
