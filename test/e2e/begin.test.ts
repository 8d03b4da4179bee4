import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { PROFILES } from "../../cli/options.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/* From nothing to a flow of one's own: what each command says to type next works. */

describe("beginning", { timeout: 60_000 }, () => {
  it("goes from init to a first job, and again changes nothing", async () => {
    const { home, config, run } = person();
    const first = await run("init");
    const again = await run("init");
    const flows = join(home, "jobrunner", "flows");
    const agent = await agentInTest({ dir: home, name: "alpha", args: ["--flows", flows] });

    const posted = await run(
      "post",
      "first",
      "--file",
      join(home, "out"),
      "--wait",
      "--via",
      agent.url,
    );

    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toBe(
      [config, join(flows, "first.ts"), join(flows, "first.test.ts")]
        .map((file) => `wrote ${file}\n`)
        .join(""),
    );
    expect(first.stderr).toContain("jobrunner post first --wait");
    expect(again.stdout).not.toContain("wrote");
    expect(posted.code).toBe(0);
    expect(readFileSync(join(home, "out"), "utf8")).toBe("Hello, world!\n");
    expect((await run("config", "check")).code).toBe(0);
  });

  it("never loses settings that are there, and shows what would change", async () => {
    const { config, run } = person();
    await run("init");
    writeFileSync(config, "agent: { slots: 3 }\n");

    const left = await run("init");
    const kept = readFileSync(config, "utf8");
    const forced = await run("init", "--force");

    expect(left).toMatchObject({ code: 0 });
    expect(left.stdout).toContain("it differs\n- agent: { slots: 3 }\n+ # One machine by itself");
    expect(left.stderr).toContain("--force");
    expect(kept).toBe("agent: { slots: 3 }\n");
    expect(forced.stdout).toContain(`what was there is ${config}.old`);
    expect(readFileSync(`${config}.old`, "utf8")).toBe("agent: { slots: 3 }\n");
  });

  it.each(PROFILES)("has settings for a machine of the kind %s", async (profile) => {
    const { config, run } = person();

    const { code, stderr } = await run("init", "--profile", profile);

    expect(code).toBe(0);
    expect(existsSync(config)).toBe(true);
    expect(stderr.includes("before it can run:")).toBe(profile !== "alone");
  });

  it("writes a flow that passes its test, and finds what is wrong with another", async () => {
    const { home, run } = person();
    const dir = join(home, "flows");

    const made = await run("flow", "new", "backup", "--dir", dir);
    const tested = await run("flow", "test", dir);
    const checked = await run("flow", "check", join(dir, "backup.ts"), "-o", "name");
    writeFileSync(join(dir, "broken.ts"), "export default 1;\nconst x: = 2;\n");
    const broken = await run("flow", "check", dir);

    expect(made).toMatchObject({ code: 0 });
    expect(readdirSync(dir).sort()).toEqual(["backup.test.ts", "backup.ts", "broken.ts"]);
    expect(tested).toMatchObject({ code: 0 });
    expect(tested.stdout).toMatch(/pass 3\n.*fail 0\n/);
    expect(checked).toMatchObject({ code: 0, stdout: "backup\n", stderr: "" });
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^backup\tv1\t/);
    expect(broken.stderr).toBe(`${join(dir, "broken.ts")}:2:10: Unexpected token\n`);
  });

  it("tells of a test that fails, of none, and of names that cannot be", async () => {
    const { home, run } = person();
    const dir = join(home, "flows");
    mkdirSync(dir);
    const none = await run("flow", "test", dir);
    writeFileSync(
      join(dir, "x.test.ts"),
      'import { test } from "node:test";\ntest("x", () => { throw new Error("no"); });\n',
    );

    expect(none).toMatchObject({ code: 3, stdout: "" });
    expect((await run("flow", "test", dir)).code).toBe(1);
    expect(await run("flow", "new", "../x", "--dir", dir)).toMatchObject({ code: 2 });
    expect(await run("flow", "check", join(dir, "none"))).toMatchObject({ code: 3 });
  });
});

/** Somebody without settings, on a machine of their own. */
function person() {
  const home = tempDir();
  const config = join(home, "config.yaml");
  const env = { HOME: home, JOBRUNNER_CONFIG: config, XDG_STATE_HOME: join(home, "state") };
  const run = (...args: readonly string[]): Promise<CommandResult> => runCommand(args, env);
  return { home, config, run };
}
