import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import type { AgentView, JobDetailView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { readEffects } from "../../scripts/lab/fleet/effects.js";
import { tempDir } from "../support/temp.js";

/* Agents that find each other in a real Consul, as processes; asked by the command line. */

const TOKEN = "a-token-of-these-tests";

describe("agents of a cluster", { timeout: 120_000 }, () => {
  it("are listed by any of them, and found by name and by any-agent", async () => {
    const { alpha, beta, gamma, jobrunner } = await cluster();

    const list = await jobrunner("agents", "--via", beta.url, "-o", "json");
    const one = await jobrunner("agents", gamma.name, "-o", "json");
    const posted = await jobrunner("post", "hello", "--wait", "--via", gamma.name);
    await alpha.stop();
    const any = await jobrunner("post", "hello", "--wait", "--via", "any-agent");

    const known = JSON.parse(list.stdout) as readonly AgentView[];
    const mine = known.filter(({ name }) => name.startsWith(`${alpha.name.slice(0, -1)}`));
    expect(mine.map(({ name, state }) => [name, state])).toEqual(
      [alpha, beta, gamma].map(({ name }) => [name, "ready"]),
    );
    expect(mine[0]).toMatchObject({ facts: { os: "linux" }, slots: { busy: 0 } });
    expect(JSON.parse(one.stdout)).toMatchObject({ name: gamma.name, url: gamma.url });
    expect(posted).toMatchObject({ code: 0 });
    expect(any).toMatchObject({ code: 0 });
  });

  it("are found by the settings of a machine without an agent, and by their token", async () => {
    const { alpha, config } = await cluster();
    // No --via, no CONSUL_HTTP_ADDR, no JOBRUNNER_TOKEN, and nobody at the usual address.
    const env = {
      ...{ JOBRUNNER_CONFIG: config, XDG_STATE_HOME: tempDir(), XDG_CONFIG_HOME: tempDir() },
      ...{ JOBRUNNER_ADDR: "", JOBRUNNER_TOKEN: "", CONSUL_HTTP_ADDR: "" },
    };

    const posted = await runCommand(["post", "hello", "--wait"], env);
    const named = await runCommand(["agents", "--via", alpha.name, "-o", "name"], env);

    expect(posted).toMatchObject({ code: 0 });
    expect(named.stdout.split("\n")).toContain(alpha.name);
  });

  it("are forgotten when they are gone, and refuse to be when they are there", async () => {
    const { alpha, beta, gamma, jobrunner } = await cluster();
    alpha.signal("SIGKILL");
    await alpha.exited;
    const state = async (): Promise<string> =>
      (JSON.parse((await jobrunner("agents", alpha.name, "-o", "json")).stdout) as AgentView).state;

    const there = await jobrunner("agent", "forget", gamma.name);
    await until(async () => (await state()) === "gone", { withinMs: 45_000, everyMs: 500 });
    const forgotten = await jobrunner("agent", "forget", alpha.name, "--via", gamma.name);
    const list = await jobrunner("agents", "-o", "name", "--via", beta.name);

    expect(there).toMatchObject({ code: 6 });
    expect(there.stderr).toContain(`agent ${gamma.name} is there`);
    expect(forgotten).toMatchObject({ code: 0, stdout: `${alpha.name}\n`, stderr: "" });
    const names = list.stdout.split("\n");
    expect(names).not.toContain(alpha.name);
    expect(names).toContain(gamma.name);
  });

  it("that are killed are shown as not answering; the others go on", async () => {
    const { alpha, beta, jobrunner } = await cluster();
    alpha.signal("SIGKILL");
    await alpha.exited;

    const list = await jobrunner("agents", "--via", beta.url, "-o", "json");
    const wrong = await jobrunner("agents", `${beta.name}x`, "--via", beta.url);
    const posted = await jobrunner("post", "hello", "--wait", "--via", `${alpha.url},${beta.url}`);

    const killed = (JSON.parse(list.stdout) as readonly AgentView[]).find(
      ({ name }) => name === alpha.name,
    );
    expect(killed?.state).toMatch(/^(unreachable|gone)$/);
    expect(wrong).toMatchObject({ code: 3 });
    expect(wrong.stderr).toContain(`Did you mean ${beta.name}?`);
    expect(posted).toMatchObject({ code: 0 });
    expect(posted.stderr).toContain("does not answer");
  });

  it("hand over what they run when drained, from any other, and take jobs again", async () => {
    const { alpha, beta, gamma, jobrunner } = await cluster();
    for (const { name } of [beta, gamma]) {
      expect(await jobrunner("agent", "cordon", name, "--via", alpha.url)).toMatchObject({
        code: 0,
      });
    }
    const dir = tempDir();
    const [file, release] = [join(dir, "effects"), join(dir, "release")];
    const held = ["--file", file, "--hold-at", "3", "--release", release];
    const posted = await jobrunner("post", "ten_steps", ...held, "-o", "name");
    const id = posted.stdout.trim();
    await until(() => readEffects(file).some(({ atom }) => atom.endsWith("step-3")), {
      withinMs: 20_000,
    });
    await jobrunner("agent", "resume", beta.name, "--via", gamma.url);

    const drained = await jobrunner("agent", "drain", alpha.name, "--via", gamma.url, "-o", "json");
    const tooShort = ["--wait", "--timeout", "1s", "--via", gamma.url];
    const held1s = await jobrunner("agent", "drain", alpha.name, ...tooShort);
    writeFileSync(release, "");
    const idle = ["--wait", "-o", "json", "--via", gamma.url];
    const left = await jobrunner("agent", "drain", alpha.name, ...idle);
    const ended = await jobrunner("wait", id, "--via", gamma.url);

    const { owners } = await detail(gamma, id);
    expect((JSON.parse(drained.stdout) as AgentView).state).toBe("draining");
    expect(held1s).toMatchObject({ code: 124 });
    expect(held1s.stderr).toContain(id);
    expect(JSON.parse(left.stdout)).toMatchObject({ name: alpha.name, jobs: [] });
    expect(ended).toMatchObject({ code: 0 });
    expect(owners.map(({ agent }) => agent)).toEqual([alpha.name, beta.name]);
    await jobrunner("agent", "resume", alpha.name, "--via", beta.url);
    await jobrunner("agent", "drain", beta.name, "--via", alpha.url);
    const last = await jobrunner("post", "hello", "--wait", "-o", "json", "--via", gamma.url);
    expect((JSON.parse(last.stdout) as JobDetailView).agent).toBe(alpha.name);
  });
});

interface Cluster {
  readonly alpha: AgentProcess;
  readonly beta: AgentProcess;
  readonly gamma: AgentProcess;
  /** Their file of settings. */
  readonly config: string;
  jobrunner(...words: readonly string[]): Promise<CommandResult>;
}

let clusters = 0;

async function cluster(): Promise<Cluster> {
  const dir = tempDir();
  const config = join(dir, "config.yaml");
  clusters += 1;
  writeFileSync(
    config,
    [
      `board: sqlite:${dir}/jobs.db`,
      `consul: { address: ${inject("consulUrl")} }`,
      `api: { token: ${TOKEN} }`,
      `flows: [${join(import.meta.dirname, "..", "e2e", "fixtures", "flows")}]`,
      "claim: { lease: 3s }",
    ].join("\n"),
  );
  const start = (letter: string): Promise<AgentProcess> =>
    agentInTest({ dir, name: `c${String(clusters)}-${letter}`, args: ["--config", config] });
  const [alpha, beta, gamma] = await Promise.all([start("a"), start("b"), start("c")]);
  // Of a machine without agents: names are looked up in Consul.
  const env = {
    ...{ JOBRUNNER_TOKEN: TOKEN, XDG_STATE_HOME: tempDir(), JOBRUNNER_ADDR: "" },
    CONSUL_HTTP_ADDR: inject("consulUrl"),
  };
  const jobrunner = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(words.includes("--via") ? words : [...words, "--via", beta.name], env);
  await until(async () => (await jobrunner("agents", "-o", "name")).stdout.includes(gamma.name), {
    withinMs: 20_000,
    everyMs: 200,
    what: "all agents to be registered",
  });
  return { alpha, beta, gamma, config, jobrunner };
}

async function detail(agent: AgentProcess, id: string): Promise<JobDetailView> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${agent.url}/v1/jobs/${id}`, { headers });
  return (await answer.json()) as JobDetailView;
}
