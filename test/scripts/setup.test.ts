import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tempDir } from "../support/temp.js";

interface Setup {
  needsInstall(root: string): boolean;
}

/** Plain JavaScript, because it runs before anything is installed. */
const FILE = new URL("../../scripts/stages/setup.mjs", import.meta.url).href;
const LOCK = {
  "": {},
  "node_modules/a": { version: "1.0.0" },
  "node_modules/b": { version: "2.0.0" },
};

describe("npm test and npm run demo install packages", () => {
  let setup: Setup;

  beforeAll(async () => {
    setup = (await import(FILE)) as Setup;
  });

  function installs(lock: object, installed: object | string | undefined): boolean {
    const root = tempDir();
    mkdirSync(join(root, "node_modules"));
    writeFileSync(join(root, "npm-shrinkwrap.json"), JSON.stringify({ packages: lock }));
    if (installed !== undefined) {
      const text =
        typeof installed === "string" ? installed : JSON.stringify({ packages: installed });
      writeFileSync(join(root, "node_modules", ".package-lock.json"), text);
    }
    return setup.needsInstall(root);
  }

  it("when there are none, or the last installation was cut off", () => {
    expect(installs(LOCK, undefined)).toBe(true);
    expect(installs(LOCK, '{"packages": {')).toBe(true);
  });

  it("when one is missing or of another version", () => {
    expect(installs(LOCK, { "node_modules/a": { version: "1.0.0" } })).toBe(true);
    expect(installs(LOCK, { ...LOCK, "node_modules/b": { version: "2.0.1" } })).toBe(true);
  });

  it("and leave them alone otherwise, also when those of other systems are missing", () => {
    const more = { ...LOCK, "node_modules/c": { version: "3.0.0", optional: true } };

    expect(installs(LOCK, LOCK)).toBe(false);
    expect(installs(more, LOCK)).toBe(false);
  });
});
