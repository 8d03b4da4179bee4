import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobView } from "../../common/wire.js";
import { MAIN } from "../../scripts/lab/agents.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { agentInTest } from "../support/agents.js";
import { CTRL_C, CTRL_U, openPty, TAB } from "../support/pty.js";
import { tempDir } from "../support/temp.js";

/* What a person at a terminal sees, and what its keys do. */

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("a terminal", { timeout: 60_000 }, () => {
  it("leaves the job alone at Ctrl-C while it is waited for, and says so", async () => {
    const { url, dir, jobrunner } = await withAgent();
    const held = `--file ${join(dir, "effects")} --hold-at 1 --release ${join(dir, "release")}`;
    const words = `post ten_steps ${held} --wait --via ${url}`;
    const pty = openPty(`exec ${process.execPath} ${MAIN} ${words}`, { NO_COLOR: "1" });

    await pty.shows(/posted {2}[0-9a-f-]{36} {2}ten_steps/);
    await pty.shows(/● \S+ +RUNNING/); // Its tree is drawn.
    pty.type(CTRL_C);

    expect(await pty.exit()).toBe(130);
    expect(pty.shown()).toMatch(
      /detached; the job goes on\. Follow again: jobrunner wait ([0-9a-f]{8}) .*Stop it: jobrunner cancel \1/,
    );
    const jobs = JSON.parse((await jobrunner("show", "-o", "json")).stdout) as readonly JobView[];
    expect(jobs).toMatchObject([{ state: "RUNNING" }]);
    expect(jobs[0]).not.toHaveProperty("request");
  });

  it("shows a list again and again until Ctrl-C", async () => {
    const { url, jobrunner } = await withAgent();
    const watch = `agents --watch 100ms --via ${url}`;
    const pty = openPty(`exec ${process.execPath} ${MAIN} ${watch}`);

    await pty.shows(/alpha +ready/);
    expect((await jobrunner("agent", "cordon")).code).toBe(0);
    await pty.shows(/alpha +cordoned/);
    pty.type(CTRL_C);

    expect(await pty.exit()).toBe(0);
  });

  it("completes commands, flows, flags, their values and jobs in bash", async () => {
    const { url, dir, jobrunner } = await withAgent();
    const id = (await jobrunner("post", "hello", "--wait", "-o", "name")).stdout.trim();
    const pty = openPty("exec bash --norc --noprofile -i", bashEnv(dir, url));
    pty.type('eval "$(jobrunner completion bash)"; echo ready-$?\n');
    await pty.shows(/ready-0/);

    for (const [typed, completed] of [
      ["jobrunner sho", "jobrunner show "],
      ["jobrunner agent dr", "jobrunner agent drain "],
      ["jobrunner post hel", "jobrunner post hello "],
      ["jobrunner post hello --fail", "jobrunner post hello --fail-at "],
      ["jobrunner post hello --fail-at=si", "jobrunner post hello --fail-at=sign "],
      [`jobrunner show ${id.slice(-8, -3)}`, `jobrunner show ${id.slice(-8)} `],
      [`jobrunner show ${id.slice(0, 6)}`, `jobrunner show ${id} `],
      ["jobrunner show --graph=merm", "jobrunner show --graph=mermaid "],
      ["jobrunner agent drain al", "jobrunner agent drain alpha "],
    ] as const) {
      pty.type(typed + TAB);
      await pty.shows(new RegExp(completed.replaceAll(/[-[\]]/g, "\\$&")));
      pty.type(CTRL_U);
    }
    expect(pty.shown()).not.toContain("not found");
  });

  it("completes names of files where a file is wanted", async () => {
    const { url, dir } = await withAgent();
    writeFileSync(join(dir, "settings-of-mine.yaml"), "");
    const pty = openPty("exec bash --norc --noprofile -i", bashEnv(dir, url));
    pty.type(`cd ${dir}; eval "$(jobrunner completion bash)"; echo ready-$?\n`);
    await pty.shows(/ready-0/);

    pty.type(`jobrunner config check settings-${TAB}`);

    await pty.shows(/config check settings-of-mine\.yaml /);
    expect(pty.shown()).not.toContain("not found");
  });
});

describe("completion", { timeout: 60_000 }, () => {
  it("is silent and quick where no agent answers", async () => {
    const env = { JOBRUNNER_ADDR: "http://127.0.0.1:9", XDG_STATE_HOME: tempDir() };
    const ask = (...words: readonly string[]) => runCommand(["__complete", "--", ...words], env);

    const began = performance.now();
    const jobs = await ask("show", "");
    const tookMs = performance.now() - began;

    expect(jobs).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(tookMs).toBeLessThan(5_000); // A process, and 300 ms.
    expect((await ask("post", "--")).stdout).toBe("");
    expect((await ask("sho")).stdout).toMatch(/^show\t/);
    expect((await ask("")).stdout).not.toContain("__complete");
  });

  it("offers each verb the jobs of which it makes sense", async () => {
    const { jobrunner } = await withAgent();
    const id = (await jobrunner("post", "hello", "--wait", "-o", "name")).stdout.trim();
    const ask = async (...words: readonly string[]) =>
      (await jobrunner("__complete", "--", ...words)).stdout;

    expect(await ask("retry", "")).toBe(`${id.slice(-8)}\thello SUCCESS\n`);
    expect(await ask("cancel", "")).toBe("");
    expect(await ask("flow", "show", "hel")).toMatch(/^hello\t/);
    expect(await ask("help", "exit")).toBe("exit-codes\t\n");
    expect(await ask("schedule", "add", "x", "--cron", "@daily", "hel")).toMatch(/^hello\t/);
    expect(await ask("schedule", "add", "x", "hello", "--fail-at", "gr")).toBe("greet\t\n");
    expect(await ask("capability", "test", "has_g")).toMatch(/^has_gpu\t/);
    expect(await ask("post", "hello", "--on", "")).toBe("alpha\tready\n");
    expect(await ask("show", "-o", "json", "")).toBe(`${id.slice(-8)}\thello SUCCESS\n`);
    expect(await ask("post", "hello", "--fail-at", "")).toBe("greet\t\nwrite\t\nsign\t\n");
  });

  it.each(["bash", "zsh", "fish"])("has a script for %s", async (shell) => {
    const { code, stdout } = await runCommand(["completion", shell]);

    expect(code).toBe(0);
    expect(stdout).toContain("__complete -- ");
  });
});

async function withAgent() {
  const dir = tempDir();
  const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
  const env = { JOBRUNNER_ADDR: agent.url };
  const jobrunner = (...args: readonly string[]): Promise<CommandResult> => runCommand(args, env);
  return { dir, url: agent.url, jobrunner };
}

/** A bash that finds this jobrunner, and asks the test's agent. */
function bashEnv(dir: string, url: string): Readonly<Record<string, string>> {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  const program = join(bin, "jobrunner");
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
  chmodSync(program, 0o755);
  const path = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
  return { PATH: path, JOBRUNNER_ADDR: url, INPUTRC: "/dev/null", PS1: "$ ", HISTFILE: "" };
}
