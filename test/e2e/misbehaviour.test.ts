import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView, JobView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/*
 * Authors' code runs in runners: whatever it does to its process, the agent answers, keeps its
 * claims, and other jobs finish before the bad one does.
 */

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("a task that", { timeout: 60_000 }, () => {
  it.each(["process", "thread"])("ends its runner is parked, in a %s", async (runner) => {
    for (const how of ["exit", "throw-later", "reject-later"]) {
      const { ended, agent } = await disturb(how, runner);

      expect(ended).toMatchObject({ state: "SUSPENDED", reason: { code: "POISON" } });
      expect(ended.reason?.message).toContain("bad");
      await agent.stop();
    }
  });

  it.each(["process", "thread"])("blocks its %s fails at its time limit", async (runner) => {
    const { ended } = await disturb("block", runner);

    expect(ended.state).toBe("REVERTED");
    expect(ended.failures.map(({ failure }) => failure.name)).toEqual(["TimeoutError"]);
  });

  it.each(["process", "thread"])("eats the memory of its %s is parked", async (runner) => {
    const { ended, agent } = await disturb("eat", runner);

    expect(ended).toMatchObject({ state: "SUSPENDED", reason: { code: "POISON" } });
    expect(agent.output()).toMatch(/heap|memory/i);
  });

  it("writes without end fails at its time limit, and delays nobody", async () => {
    const { ended } = await disturb("flood", "process");

    expect(ended.state).toBe("REVERTED");
    expect(ended.owners).toHaveLength(1);
  });

  it("never comes back fails at its time limit", async () => {
    const { ended } = await disturb("hang", "process");

    expect(ended.state).toBe("REVERTED");
  });

  it.each([
    ["save-large", "The value given to ctx.saved has 5242882 bytes"],
    ["fail-large", "20971520 characters in all"],
  ])("tries to %s fails with the reason, and its owner lives", async (how, message) => {
    const { ended } = await disturb(how, "process");

    expect(ended.state).toBe("REVERTED");
    expect(ended.failures.map(({ failure }) => failure.message)).toEqual([
      expect.stringContaining(message),
    ]);
    expect(ended.owners).toHaveLength(1);
  });

  it("returns what is no JSON fails with the reason", async () => {
    const { ended } = await disturb("not-json", "process");

    expect(ended.state).toBe("REVERTED");
    expect(ended.failures.map(({ atom }) => atom)).toEqual(["bad"]);
  });
});

/** Lets a job misbehave; the agent must answer at any moment, and run another job meanwhile. */
async function disturb(how: string, runner: string) {
  const dir = tempDir();
  const args = ["--flows", FLOWS, "--runner", runner, "--lease", "2s"];
  const env = { JOBRUNNER_AGENT__MEMORY: "128MiB" };
  const agent = await agentInTest({ dir, name: "alpha", args, env });
  const bad = await (how === "eat"
    ? post(agent, "glutton", {})
    : post(agent, "misbehave", { how }));
  const good = await post(agent, "hello", {});
  let slowest = 0;
  const look = async (id: string): Promise<JobDetailView> => {
    const began = performance.now();
    const answer = await fetch(`${agent.url}/v1/jobs/${id}`);
    const job = (await answer.json()) as JobDetailView;
    slowest = Math.max(slowest, performance.now() - began);
    return job;
  };
  const over = async (id: string) => {
    const job = await look(id);
    return ["WAITING", "RUNNING", "REVERTING"].includes(job.state) ? undefined : job;
  };
  const other = await until(() => over(good), { withinMs: 20_000, what: `hello beside ${how}` });
  const ended = await until(() => over(bad), { withinMs: 40_000, what: `the end of ${how}` });
  if (ended === undefined || other === undefined) throw new Error("until answers what is there");
  expect(other.state).toBe("SUCCESS");
  expect(ended.owners.every((owner) => owner.agent === "alpha")).toBe(true);
  expect(slowest).toBeLessThan(1_000);
  return { ended, agent };
}

async function post(agent: AgentProcess, flow: string, params: object): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow, params }),
  });
  const body = (await answer.json()) as JobView;
  if (answer.status !== 201) throw new Error(`posting ${flow}: ${JSON.stringify(body)}`);
  return body.id;
}
