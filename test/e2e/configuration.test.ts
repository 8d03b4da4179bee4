import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentView } from "../../common/wire.js";
import { runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

describe("the configuration", () => {
  it("is shown with where each setting is written, and without secrets", async () => {
    const { file, env } = homeWith("persistence: mysql://jr:hidden@db/jobrunner\nboard: redis\n");

    const shown = await runCommand(["config", "show", "--sources"], env);

    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain(
      `persistence\tmysql://jr:***@db/jobrunner\t${file}:1:14\nclaim.lease\t10s\tdefault\n`,
    );
    expect(shown.stdout + shown.stderr).not.toContain("hidden");
  });

  it("is told setting by setting, with the files that it comes from", async () => {
    const { file, env } = homeWith(
      "agent: { slots: 3 }\nboard: redis://:hidden@db\npersistence: mysql://u@h/d\n",
    );
    const get = (...words: readonly string[]) => runCommand(["config", "get", ...words], env);

    expect(await get("agent.slots")).toMatchObject({ code: 0, stdout: "3\n" });
    expect((await get("board")).stdout).toBe("redis://:***@db\n");
    expect((await get("retention")).stdout).toMatch(/^retention\.days\t30\nretention\.jobs\t/);
    expect(await get("agent.slot")).toMatchObject({ code: 3, stdout: "" });
    expect((await runCommand(["config", "path"], env)).stdout).toBe(`${file}\n`);
  });

  it("names the database whose schema is told, and brought up to date", async () => {
    const database = join(tempDir(), "jobs.db");
    const { env } = homeWith(`persistence: sqlite:${database}\n`);
    const migrate = (verb: string) => runCommand(["migrate", verb], env);

    const before = await migrate("status");
    const isMade = existsSync(database);
    const made = await migrate("up");
    const again = await migrate("up");

    expect(before.stdout).toMatch(/^001-jobs\tmissing$/m);
    expect(before.stderr).toContain("jobrunner migrate up makes them");
    expect(isMade).toBe(false);
    expect(made.stdout).toMatch(/^001-jobs\tmade$/m);
    expect(made.stdout).not.toContain("missing");
    expect([made.code, again.code]).toEqual([0, 0]);
    expect(again.stderr).toContain("up to date");
    expect((await migrate("status")).stdout).toBe(made.stdout);
  });

  it("is checked as a whole, without starting anything", async () => {
    const { file, env } = homeWith("agent: { slots: 0 }\nbord: redis\n");

    const checked = await runCommand(["config", "check"], env);
    const refused = await runCommand(["run", "--listen", "0.0.0.0:1"], env);

    expect(checked).toMatchObject({ code: 2, stdout: "" });
    expect(checked.stderr).toContain(`${file}:1:17: agent.slots 0 is not a whole number`);
    expect(checked.stderr).toContain("bord is not a setting; did you mean board?");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("agent.slots 0");
  });

  it("is read again at SIGHUP; mistakes leave the old settings in force", async () => {
    const dir = tempDir();
    const file = join(dir, "config.yaml");
    const database = join(dir, "jobs.db");
    writeFileSync(file, `board: sqlite:${database}\nagent: { slots: 1 }\n`);
    const agent = await agentInTest({ dir, name: "alpha", args: ["--config", file] });
    const said = (text: string): Promise<unknown> =>
      until(() => agent.output().includes(text), { withinMs: 5_000, what: text });

    writeFileSync(file, `board: sqlite:${database}\nagent: { slots: many }\n`);
    agent.signal("SIGHUP");
    await said("the old settings stay in force");
    writeFileSync(file, `board: sqlite:${database}\nagent: { slots: 3, runner: thread }\n`);
    agent.signal("SIGHUP");
    await said("settings read again");

    expect(agent.output()).toContain('"changed":{"agent.slots":"3","agent.runner":"thread"}');
    expect(agent.output()).toContain('"restart":["agent.runner"]');
    expect((await agent.stop()).code).toBe(0);
  });

  it("changes tags, wishes and secrets at SIGHUP, or says that they need a restart", async () => {
    const dir = tempDir();
    const file = join(dir, "config.yaml");
    const board = `board: sqlite:${join(dir, "jobs.db")}\n`;
    const secret = (letter: string): string => `api: { token: ${letter.repeat(20)} }\n`;
    writeFileSync(file, board + secret("a"));
    const agent = await agentInTest({ dir, name: "alpha", args: ["--config", file] });
    const view = async (letter: string): Promise<Partial<AgentView>> => {
      const headers = { authorization: `Bearer ${letter.repeat(20)}` };
      const answer = await fetch(`${agent.url}/v1/agents/self`, { headers });
      return (await answer.json()) as Partial<AgentView>;
    };

    const more =
      "agent: { tags: { rack: 5 } }\nonlyWhen: has_tag(rack=6)\ndrain: { timeout: 1s }\n";
    writeFileSync(file, `${board}${secret("b")}${more}facts: { battery: 80 }\n`);
    agent.signal("SIGHUP");
    const paused = await until(
      async () => {
        const { state, tags } = await view("b");
        return state === "paused" && tags?.includes("rack=5");
      },
      { withinMs: 5_000 },
    );
    writeFileSync(file, board + secret("b"));
    agent.signal("SIGHUP");
    await until(async () => (await view("b")).state === "ready", { withinMs: 5_000 });

    expect(paused).toBe(true);
    expect(await view("a")).toMatchObject({ code: "UNAUTHORISED" });
    expect(agent.output()).toContain('"drain.timeout":"1s"');
    expect(agent.output()).toContain('"api.token":"***"');
    expect(agent.output()).toContain('"restart":["facts"]');
    expect(agent.output()).not.toContain("bbbb");
  });
});

describe("a token that is taken out of the settings", () => {
  it("stays in force until a restart, and SIGHUP says so each time", async () => {
    const dir = tempDir();
    const file = join(dir, "config.yaml");
    const board = `board: sqlite:${join(dir, "jobs.db")}\n`;
    writeFileSync(file, `${board}api: { token: ${"a".repeat(20)} }\n`);
    const agent = await agentInTest({ dir, name: "alpha", args: ["--config", file] });
    const asked = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${agent.url}/v1/agents/self`, { headers })).status;
    const told = (): number => agent.output().split('"restart":["api.token"]').length - 1;

    writeFileSync(file, board);
    for (const times of [1, 2]) {
      agent.signal("SIGHUP");
      await until(() => told() === times, { withinMs: 5_000 });
    }

    expect(await asked({})).toBe(401);
    expect(await asked({ authorization: `Bearer ${"a".repeat(20)}` })).toBe(200);
    expect((await agent.stop()).code).toBe(0);
  });
});

function homeWith(text: string): { file: string; env: Record<string, string> } {
  const home = tempDir();
  mkdirSync(join(home, "jobrunner"));
  const file = join(home, "jobrunner", "config.yaml");
  writeFileSync(file, text);
  const env = { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, CONFIGURATION_DIRECTORY: "/none" };
  return { file, env };
}
