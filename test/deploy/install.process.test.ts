import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pack } from "../../scripts/lab/package/installation.js";
import { tempDir } from "../support/temp.js";
import { run } from "./run.js";

const SCRIPT = join(import.meta.dirname, "../../deploy/install.sh");
const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

describe("install.sh", { timeout: 120_000 }, () => {
  it("installs the package and writes settings, twice the same, and takes it away again", async () => {
    const { dir, sh } = open();
    const { tarball } = await pack(dir);
    const program = join(dir, "prefix", "bin", "jobrunner");
    const settings = join(dir, ".config", "jobrunner", "config.yaml");

    const first = await sh("--package", tarball, "--profile", "alone");
    const written = readFileSync(settings, "utf8");
    const second = await sh("--package", tarball, "--profile", "alone");
    const version = await run(program, ["--version"]);
    const removed = await sh("--uninstall");
    const again = await sh("--uninstall");

    expect([first, second, removed, again].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(first.output).not.toMatch(/warn|deprecated/i);
    expect(second.output).toContain("is there already");
    expect(version.output).toMatch(/^\d+\.\d+\.\d+/);
    expect(existsSync(program)).toBe(false);
    expect(readFileSync(settings, "utf8")).toBe(written);
  });

  it("only says what it would do with --dry-run", async () => {
    const { dir, sh } = open();

    const install = await sh("--dry-run", "--profile", "laptop", "--service");
    const uninstall = await sh("--dry-run", "--uninstall");

    expect(install.output).toMatch(/would run: npm install --global .* jobrunner --prefix/);
    expect(install.output).toContain("jobrunner init --profile laptop\nwould run:");
    expect(install.output).not.toContain("is installed");
    expect(uninstall.output).toContain("would run: npm uninstall --global");
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    [["--profile", "toaster"], "there is no profile toaster"],
    [["--profile"], "--profile needs a value"],
    [["--frce"], "there is no option --frce"],
  ])("refuses %j and says what to do", async (words, what) => {
    const { code, output } = await open().sh(...words);

    expect(code).toBe(2);
    expect(output).toContain(`error: ${what}\nhint:  `);
  });

  it("asks for Node where there is none", async () => {
    const { code, output } = await run("/bin/sh", [SCRIPT], { env: { PATH: tempDir() } });

    expect(code).toBe(2);
    expect(output).toContain("error: Node is not on your PATH");
  });

  it.skipIf(!hasShellcheck)("has nothing that shellcheck complains of", async () => {
    const scripts = ["install.sh", "termux/service/run", "termux/service/log/run"];

    const files = [...scripts, "termux/boot/jobrunner"].map((name) => join(SCRIPT, "..", name));
    const { code, output } = await run("shellcheck", ["--shell=sh", ...files]);

    expect(output).toBe("");
    expect(code).toBe(0);
  });
});

/** A home and a prefix of the test's own. */
function open() {
  const dir = tempDir();
  const homes = { HOME: dir, XDG_CONFIG_HOME: "", XDG_STATE_HOME: "", JOBRUNNER_CONFIG: "" };
  const cache = {
    npm_config_prefer_offline: "true",
    npm_config_cache: process.env["npm_config_cache"] ?? defaultCache(),
  };
  const env = { ...process.env, ...homes, ...cache };
  const prefix = ["--prefix", join(dir, "prefix")];
  const sh = (...words: readonly string[]) =>
    run("/bin/sh", [SCRIPT, ...prefix, ...words], { env, cwd: dir, limitMs: 110_000 });
  return { dir, sh };
}

/** What is there already need not be fetched again, whatever HOME is. */
function defaultCache(): string {
  return spawnSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).stdout.trim();
}
