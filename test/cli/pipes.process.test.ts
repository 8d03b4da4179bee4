import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { JobView } from "../../common/wire.js";
import { MAIN } from "../../scripts/lab/agents.js";
import { runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { type Api, START_MS, startApi } from "../http/api.js";

/* The command line as other programs use it: output into pipes, signals, exit codes. */

let api: Api;
const dir = mkdtempSync(join(tmpdir(), "jobrunner-pipes-"));

beforeAll(async () => {
  api = await startApi(dir);
  const title = "x".repeat(1000);
  for (let n = 0; n < 60; n += 1) await api.jobs.post({ flow: "shapes", params: { title } });
}, START_MS);
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const env = () => ({ JOBRUNNER_ADDR: api.url, XDG_STATE_HOME: dir });

function start(...words: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ...env() },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (said.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said.err += part.toString()));
  return { child, said, exited: once(child, "exit") as Promise<[number | null]> };
}

async function madeSchedule(): Promise<void> {
  const { code } = await runCommand(
    ["schedule", "add", "watched", "--cron", "0 3 * * *", "shapes"],
    env(),
  );
  expect(code).toBe(0);
}

describe("output into a pipe", () => {
  it("is one object a line, in full, with -o jsonl", async () => {
    const { code, stdout } = await runCommand(["show", "--all", "-o", "jsonl"], env());

    const jobs = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as JobView);
    expect(code).toBe(0);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(60);
  });

  it("ends without a word when its reader goes away", async () => {
    const { child, said, exited } = start("show", "--all", "-o", "json");
    child.stdout.destroy();
    const [code] = await exited;

    expect(code).toBe(0);
    expect(said.err).toBe("");
  });

  it("is appended by --watch when something changed, until Ctrl-C", async () => {
    const { child, said, exited } = start("show", "--watch=50ms", "--limit", "1", "-o", "name");
    await until(() => said.out.includes("\n"), { withinMs: 20_000 });
    const { view } = await api.jobs.post({ flow: "shapes" });
    await until(() => said.out.includes(view.id), { withinMs: 20_000 });
    child.kill("SIGINT");
    const [code] = await exited;

    expect(code).toBe(0);
    expect(said.out.trimEnd().split("\n")).toHaveLength(2);
    expect(said.out).not.toContain("\u001b");
  });
});

describe("--watch", () => {
  it.each([
    [["flows"], /^shapes\tv/m],
    [["schedule", "list"], /^watched\tshapes\t0 3 \* \* \*\t/m],
    [["schedule", "show", "watched"], /^watched\tshapes\t/],
    [["board", "show"], /^board of alpha\t/],
  ] as const)("shows what changes until Ctrl-C: %j", async (words, shown) => {
    await madeSchedule();
    const { child, said, exited } = start(...words, "--watch=50ms");
    onTestFinished(() => void child.kill());
    await until(() => shown.test(said.out), { withinMs: 20_000, what: said.err });
    child.kill("SIGINT");
    const [code] = await exited;

    expect(code).toBe(0);
    expect(said.out).not.toContain("\u001b");
  });

  it("tells why a job does not run, anew when that has changed", async () => {
    const { view } = await api.jobs.post({ flow: "shapes" });
    const { child, said, exited } = start("why", view.id, "--watch=50ms", "-o", "jsonl");
    onTestFinished(() => void child.kill());
    await until(() => said.out.includes("WAITING"), { withinMs: 20_000 });
    await api.persistence.cancel(view.id, { owner: "o.1", agent: "alpha", machine: "m" }, true);
    await until(() => said.out.includes("CANCELLED"), { withinMs: 20_000 });
    child.kill("SIGINT");

    expect((await exited)[0]).toBe(0);
  });
});

describe("events", () => {
  it("of all agents are one object a line, from a place on, until Ctrl-C", async () => {
    const { nextCursor } = api.events.page({}, 1);
    const words = ["--types", "job.posted", "--after", `${nextCursor},gone~0a1b2c.5`];
    const { child, said, exited } = start("events", "-o", "jsonl", ...words);
    const { view } = await api.jobs.post({ flow: "shapes" });
    await until(() => said.out.includes(view.id), { withinMs: 20_000 });
    child.kill("SIGINT");
    const [code] = await exited;

    const lines = said.out.trimEnd().split("\n");
    const [reset, event] = lines.map((line) => JSON.parse(line) as object);
    expect(code).toBe(130);
    expect(reset).toMatchObject({ type: "reset", agent: "gone" });
    expect(event).toMatchObject({ type: "job.posted", job: view.id, agent: "alpha" });
    expect(said.err).toBe("");
  });

  it("of one job are its past, and with --watch what comes, until it is over", async () => {
    const { view } = await api.jobs.post({ flow: "shapes" });
    const { child, said, exited } = start("show", view.id, "--events", "-w");
    onTestFinished(() => void child.kill());
    await until(() => said.out.includes("job.posted"), { withinMs: 20_000 });
    const by = { owner: "o.1", agent: "alpha", machine: "m" };
    await api.persistence.cancel(view.id, by, true);
    const [code] = await exited;
    const past = await runCommand(["show", view.id, "--events"], env());
    const list = await runCommand(["show", view.id, "--events", "-o", "json"], env());
    const yaml = await runCommand(["show", view.id, "--events", "-o", "yaml"], env());

    expect(code).toBe(0);
    expect(said.err).toBe("the job is over: CANCELLED\n");
    expect(past).toMatchObject({ code: 0, stdout: said.out });
    expect(said.out.trimEnd().split("\n")).toHaveLength(4);
    expect(JSON.parse(list.stdout)).toHaveLength(4);
    expect(yaml.stdout).toMatch(/^---\n- type: job\.posted\n/);
  });

  it("are refused where it is not said of what, or in a form that has no end", async () => {
    const ofNone = await runCommand(["show", "--events"], env());
    const list = await runCommand(["events", "-o", "json"], env());
    const unknown = await runCommand(["events", "--types", "job.stat"], env());
    const endless = await runCommand(["events", "-o", "yaml"], env());

    expect([ofNone.code, list.code, endless.code, unknown.code]).toEqual([2, 2, 2, 2]);
    expect(ofNone.stderr).toContain("jobrunner events");
    expect(list.stderr).toContain("-o jsonl");
    expect(unknown.stderr).toContain("Did you mean job.state?");
  });
});

describe("an agent that was named", () => {
  it("and is unknown ends with 3, one that is down with 5", async () => {
    const unknown = await runCommand(["show", "--via", "nowhere"], env());
    const down = await runCommand(["show", "--via", "127.0.0.1:9"], env());

    expect(unknown).toMatchObject({ code: 3, stdout: "" });
    expect(unknown.stderr).toContain('there is no agent "nowhere"');
    expect(down).toMatchObject({ code: 5, stdout: "" });
    expect(down.stderr).toContain("127.0.0.1:9: nothing listens there");
  });
});

describe("waiting for several jobs", () => {
  it("prints each as it is over, and ends with the code of the gravest end", async () => {
    const by = { owner: "o.1", agent: "alpha", machine: "m" };
    const ids = await Promise.all(
      [1, 2].map(async () => (await api.jobs.post({ flow: "shapes" })).view.id),
    );
    const [first = "", second = ""] = ids;
    await api.persistence.cancel(first, by, true);
    await api.persistence.suspend(second);

    const { code, stdout } = await runCommand(["wait", first, second], env());

    expect(code).toBe(14);
    expect(stdout).toMatch(new RegExp(`^${first}\tshapes\tCANCELLED\t[^\n]*\n${second}\t`));
  });
});
