import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { homeDirectory } from "../../config/home-directory.js";

const FILE = join(import.meta.dirname, "../../config/home-directory.ts");
const NOBODY = 61_999;

it("is what the environment says", () => {
  expect(homeDirectory()).toBe(process.env["HOME"]);
});

it.skipIf(process.getuid?.() !== 0)("is / for a user whom nobody knows", () => {
  const code = `
    process.setuid(${String(NOBODY)});
    delete process.env.HOME;
    console.log(require("jiti")(process.cwd())("${FILE}").homeDirectory());
  `;
  const cwd = join(import.meta.dirname, "../..");

  const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], { cwd, encoding: "utf8" });

  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("/");
});
