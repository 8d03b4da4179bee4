import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const FOLDERS = ["sqlite", "persistence", "boards"];

function sources(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );
}

describe("statements", () => {
  // The tests mostly run with one driver on one Node; these two rules are for the others.
  it("number no parameter: node:sqlite of 22.13 takes ?1 for a name", () => {
    const numbered = sources().filter((path) => /[ =(]\?\d/.test(strip(path)));

    expect(numbered).toEqual([]);
  });

  it("return no rows of a write: libsql would write twice", () => {
    expect(sources().filter((path) => /\bRETURNING\b/.test(strip(path)))).toEqual([]);
    expect(sources().length).toBeGreaterThan(20);
  });
});

/** A source without its comments. */
function strip(path: string): string {
  const text = readFileSync(join(root, path), "utf8");
  return text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/\/\/.*$/gm, "");
}
