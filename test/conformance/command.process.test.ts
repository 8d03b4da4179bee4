import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../support/temp.js";

const ROOT = join(import.meta.dirname, "..", "..");
const VECTORS = join(import.meta.dirname, "vectors");

function conformance(...args: readonly string[]) {
  const words = ["--import", "jiti/register", "scripts/conformance.ts", ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { lines: stdout.trimEnd().split("\n"), stderr, status };
}

/** A folder with these vectors; `expected` of the last one is made wrong. */
function folder(ids: readonly string[], wrong = false): string {
  const dir = tempDir();
  for (const id of ids) {
    const text = readFileSync(join(VECTORS, `${id}.json`), "utf8");
    const isWrong = wrong && id === ids.at(-1);
    writeFileSync(
      join(dir, `${id}.json`),
      isWrong ? text.replaceAll('"SUCCESS"', '"OTHER"') : text,
    );
  }
  return dir;
}

describe("npm run conformance", () => {
  it("counts what agrees and says what is left out, in memory", () => {
    const { lines, status } = conformance(folder(["arg-11", "lin-01", "lin-02"]));

    expect(lines[0]).toMatch(/^skipped arg-11: stuck-running/);
    expect(lines.at(-1)).toBe("2 passed, 0 failed");
    expect(status).toBe(0);
  });

  it("shows what differs and exits 1, on a file", () => {
    const store = `sqlite:${tempDir()}/jobs.db`;
    const { lines, status } = conformance("--store", store, folder(["lin-02", "lin-01"], true));

    expect(lines[0]).toMatch(/^FAIL lin-01 .*events/);
    expect(lines.at(-1)).toBe("1 passed, 1 failed");
    expect(status).toBe(1);
  });

  it("counts a file that is no vector as failed, and replays the others", () => {
    const dir = folder(["lin-01", "lin-02"]);
    writeFileSync(join(dir, "broken.json"), "{no");
    writeFileSync(join(dir, "empty.json"), '{"id":"empty"}');

    const { lines, status } = conformance(dir);

    expect(lines[0]).toMatch(/^FAIL broken SyntaxError/);
    expect(lines[1]).toMatch(/^FAIL empty TypeError/);
    expect(lines.at(-1)).toBe("2 passed, 2 failed");
    expect(status).toBe(1);
  });

  it("takes the store before or after the folder, and in one word", () => {
    const dir = folder(["lin-01"]);

    for (const args of [
      [dir, "--store", "memory:"],
      ["--store=memory:", dir],
    ]) {
      expect(conformance(...args).lines.at(-1)).toBe("1 passed, 0 failed");
    }
  });

  it.each<[string, readonly string[], RegExp]>([
    ["no folder", [], /^usage:/],
    ["a store that it does not know", ["--store", "redis:", "."], /^error: --store redis:/],
    ["a folder without vectors", ["scripts"], /^error: there is no vector in/],
    ["a folder that is not there", ["/there/is/none"], /^error: .* cannot be read/],
  ])("refuses %s", (_what, args, message) => {
    const { stderr, status } = conformance(...args);

    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});
