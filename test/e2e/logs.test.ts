import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { JobView } from "../../common/wire.js";
import type { LogLineView } from "../../common/wire/logs.js";
import { type AgentProcess, MAIN } from "../../scripts/lab/agents.js";
import { runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");
const LINES = 40;
const PATIENCE = { withinMs: 30_000 };

interface Follower {
  readonly lines: () => readonly LogLineView[];
  readonly errors: () => string;
  readonly exited: Promise<number | null>;
  interrupt(): void;
}

/** `jobrunner logs -f` in a process of its own. */
function follow(job: string, ...args: readonly string[]): Follower {
  const child = spawn(process.execPath, [MAIN, "logs", job, "-f", "-o", "jsonl", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let errors = "";
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (errors += part.toString()));
  return {
    lines: () =>
      out
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LogLineView),
    errors: () => errors,
    exited: new Promise((resolve) => child.once("close", (code) => resolve(code))),
    interrupt: () => void child.kill("SIGINT"),
  };
}

async function post(agent: AgentProcess, gate: string): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "talker", params: { lines: LINES, gate } }),
  });
  return ((await answer.json()) as JobView).id;
}

/** The agent that runs it, and the other one. */
async function ownerOf(
  job: string,
  agents: readonly AgentProcess[],
): Promise<readonly [AgentProcess, AgentProcess]> {
  const [asked] = agents;
  const name = await until(async () => {
    const answer = await fetch(`${asked?.url}/v1/jobs/${job}`);
    return ((await answer.json()) as JobView).agent;
  }, PATIENCE);
  const owner = agents.find((agent) => agent.name === name);
  const other = agents.find((agent) => agent.name !== name);
  if (owner === undefined || other === undefined) throw new Error(`nobody is ${name}`);
  return [owner, other];
}

const said = (follower: Follower): readonly string[] =>
  follower
    .lines()
    .filter(({ atom }) => atom === "talk")
    .map(({ text }) => text);

describe("jobrunner logs -f", { timeout: 90_000 }, () => {
  it("shows every line once and in order while the job moves to another machine", async () => {
    const dir = tempDir();
    const gate = join(dir, "gate");
    const args = ["--flows", FLOWS, "--lease", "2s"];
    const agents = await Promise.all(
      ["alpha", "beta"].map((name) => agentInTest({ dir, name, args })),
    );
    const job = await post(agents[0] as AgentProcess, gate);
    const [owner, other] = await ownerOf(job, agents);
    const before = follow(job, "--via", other.url);
    const through = follow(job, "--via", `${owner.url},${other.url}`);
    for (const each of [before, through]) {
      await until(() => said(each).length === LINES / 2, PATIENCE);
    }

    owner.signal("SIGKILL");
    writeFileSync(gate, "");

    const whole = Array.from({ length: LINES }, (_, index) => {
      const n = index + 1;
      return `line ${n} of ${n <= LINES / 2 ? owner.name : other.name}`;
    });
    for (const each of [before, through]) {
      expect(await each.exited, each.errors()).toBe(0);
      expect(said(each)).toEqual(whole);
      expect(each.errors()).toContain("the job is over: SUCCESS");
    }
    expect(through.errors()).toMatch(/asking/);
    const ids = before.lines().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(through.lines()).toEqual(before.lines());
    const later = await runCommand(["logs", job, "--via", other.url, "-o", "json"]);
    expect(JSON.parse(later.stdout)).toEqual(before.lines());
  });

  it("tells what commands wrote, and ends quietly at Ctrl-C", async () => {
    const dir = tempDir();
    const gate = join(dir, "gate");
    const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
    const job = await post(agent, gate);
    const follower = follow(job, "--via", agent.url);
    await until(() => said(follower).length === LINES / 2, PATIENCE);

    follower.interrupt();
    expect(await follower.exited).toBe(130);
    expect(follower.errors()).toBe("");
    const wrote = follower.lines().filter(({ atom }) => atom === "command");
    expect(wrote.map(({ stream, text }) => `${stream} ${text}`).sort()).toEqual([
      ...["stderr err", "stdout a\u001b[2Jb", "stdout out"],
    ]);

    const ask = (...args: readonly string[]) =>
      runCommand(["logs", job, "--via", agent.url, "--atom", "command", ...args]);
    expect((await ask()).stdout).toContain("a\\x1b[2Jb");
    expect((await ask("--raw")).stdout).toContain("a\u001b[2Jb");
    expect((await ask("--tail", "1")).stdout.trim().split("\n")).toHaveLength(1);
    expect((await ask("--since", "2000-01-01T00:00:00Z")).stdout.split("\n")).toHaveLength(4);
    expect((await ask("-o", "name")).code).toBe(2);
    writeFileSync(gate, "");
  });
});

describe("jobrunner post --follow", { timeout: 60_000 }, () => {
  it("prints what the tasks write while it follows a job, and ends as --wait does", async () => {
    const dir = tempDir();
    const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
    const jobrunner = (...words: readonly string[]) =>
      runCommand([...words, "--via", agent.url], { NO_COLOR: "1" });
    const file = join(dir, "params.yaml");
    writeFileSync(file, `lines: 4\ngate: ${dir}\n`); // The gate is open.

    const good = await jobrunner("post", "talker", "--from-file", file, "--follow", "--avoid", "x");
    const bad = await jobrunner("post", "hello", "--fail-at", "sign", "--follow");
    const refused = await jobrunner("post", "hello", "--follow", "-o", "json");

    expect(good.code, good.stderr).toBe(0);
    expect(good.stdout).toMatch(/\ttalk\t.*\tline 1 of alpha\n(.*\n)*.*\tline 4 of alpha\n/);
    expect(good.stderr).toMatch(/^posted .*\n(.*\n)*the job is over: SUCCESS\n$/);
    expect(bad.code).toBe(10);
    expect(bad.stderr).toMatch(/error: job [0-9a-f]+ failed, and everything that ran was reverted/);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    const [id = ""] = (await jobrunner("show", "--flow", "talker", "-o", "name")).stdout.split(
      "\n",
    );
    expect((await jobrunner("store", "get", id, "lines")).stdout).toBe("4\n");
    expect((await jobrunner("store", "get", id, "params.lines")).stdout).toBe("4\n");
    const all = JSON.parse((await jobrunner("store", "get", id, "-o", "json")).stdout) as object;
    expect(all).toMatchObject({ params: { lines: 4, gate: dir } });
    expect(await jobrunner("store", "get", id, "lins")).toMatchObject({ code: 3, stdout: "" });
  });

  it("prints the last lines of a job that is suspended meanwhile", async () => {
    const dir = tempDir();
    const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
    const jobrunner = (...words: readonly string[]) =>
      runCommand([...words, "--via", agent.url], { NO_COLOR: "1" });
    const gate = join(dir, "gate");
    const following = jobrunner("post", "talker", "--lines", "4", "--gate", gate, "--follow");
    const ids = async () => (await jobrunner("show", "-o", "name")).stdout.trim();
    await until(async () => (await ids()) !== "", { withinMs: 20_000 });
    const id = await ids();
    const said = async () => (await jobrunner("logs", id)).stdout;
    await until(async () => (await said()).includes("line 2"), { withinMs: 20_000 });

    await jobrunner("suspend", id);
    writeFileSync(gate, "");
    const { code, stdout } = await following;
    const quiet = await jobrunner("post", "hello", "--follow", "-q");

    expect(code).toBe(14);
    expect(stdout).toMatch(/line 1 of alpha\n(.*\n)*.*line 4 of alpha\n$/);
    expect(quiet).toMatchObject({ code: 2, stdout: "" });
    expect(quiet.stderr).toContain("--follow prints what tasks write");
    expect(await ids()).toBe(id);
  });
});
