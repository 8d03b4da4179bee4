import { join } from "node:path";
import { expect, inject, it } from "vitest";
import type { JobView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/*
 * What authors' code may do to an agent that is registered in Consul, all at once: block the loop
 * for JOBRUNNER_BLOCK_MS, end its process, throw from a timer, eat its memory to the limit.
 */

const FLOWS = join(import.meta.dirname, "..", "e2e", "fixtures", "flows");
/** Longer than an agent may be silent for, and a beat. */
const BLOCK_MS = Number(process.env["JOBRUNNER_BLOCK_MS"] ?? 45_000);
const BAD = [
  ["misbehave", { how: "exit" }],
  ["misbehave", { how: "throw-later" }],
  ["glutton", {}],
] as const;
const OVER = ["SUCCESS", "FAILURE", "REVERTED", "CANCELLED", "SUSPENDED"];

it(
  "answers within a second, keeps its check and runs other jobs, whatever its tasks do",
  { timeout: 90_000 + BLOCK_MS },
  async () => {
    const agent = await agentInTest({
      ...{ dir: tempDir(), name: "bothered" },
      args: ["--flows", FLOWS, "--lease", "5s", "--slots", "10"],
      env: { JOBRUNNER_AGENT__MEMORY: "128MiB", JOBRUNNER_CONSUL__ADDRESS: inject("consulUrl") },
    });
    await until(async () => (await check(agent)) === "passing", { withinMs: 20_000 });
    const began = performance.now();
    const hog = await post(agent, "hog", { ms: BLOCK_MS });
    const bad = await Promise.all(BAD.map(([flow, params]) => post(agent, flow, params)));
    const good = await Promise.all([1, 2, 3].map(() => post(agent, "hello", {})));
    const seen = { slowestMs: 0, checks: new Set<string>() };
    const states = new Map<string, string>();
    const look = async (): Promise<void> => {
      for (const id of [hog, ...bad, ...good]) {
        const began = performance.now();
        states.set(id, (await job(agent, id)).state);
        seen.slowestMs = Math.max(seen.slowestMs, performance.now() - began);
      }
      seen.checks.add(await check(agent));
    };
    const over = async (ids: readonly string[]): Promise<boolean> => {
      await look();
      return ids.every((id) => OVER.includes(states.get(id) ?? ""));
    };

    await until(() => over(good), { withinMs: BLOCK_MS, what: "the good jobs" });
    const hogMeanwhile = states.get(hog);
    const goodMs = performance.now() - began;
    await until(() => over([hog, ...bad]), { withinMs: 60_000 + BLOCK_MS, what: "all jobs" });

    expect(good.map((id) => states.get(id))).toEqual(good.map(() => "SUCCESS"));
    expect(hogMeanwhile).toBe("RUNNING");
    expect(states.get(hog)).toBe("SUCCESS");
    expect(bad.map((id) => states.get(id))).toEqual(BAD.map(() => "SUSPENDED"));
    expect([...seen.checks]).toEqual(["passing"]);
    expect(seen.slowestMs).toBeLessThan(1_000);
    const [answerMs, othersMs] = [seen.slowestMs, goodMs].map(Math.round);
    console.log(
      `note: beside a task that blocks for ${BLOCK_MS} ms: slowest answer ${answerMs} ms, other ` +
        `jobs over after ${othersMs} ms, check ${[...seen.checks].join()}`,
    );
  },
);

/** What Consul says of this agent: the worst of its checks. */
async function check({ name }: AgentProcess): Promise<string> {
  const answer = await fetch(`${inject("consulUrl")}/v1/health/service/jobrunner`);
  const found = (await answer.json()) as readonly {
    Service: { Meta: Record<string, string>; ID: string };
    Checks: readonly { ServiceID: string; Status: string }[];
  }[];
  const own = found.find(({ Service }) => Service.ID.includes(name));
  const checks = own?.Checks.filter(({ ServiceID }) => ServiceID === own.Service.ID) ?? [];
  return checks.find(({ Status }) => Status !== "passing")?.Status ?? checks[0]?.Status ?? "none";
}

async function post(agent: AgentProcess, flow: string, params: object): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow, params }),
  });
  const body = (await answer.json()) as JobView;
  expect(answer.status, JSON.stringify(body)).toBe(201);
  return body.id;
}

async function job(agent: AgentProcess, id: string): Promise<JobView> {
  return (await (await fetch(`${agent.url}/v1/jobs/${id}`)).json()) as JobView;
}
