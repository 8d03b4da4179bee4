import { join } from "node:path";
import { expect, it } from "vitest";
import type { AgentWhyView, JobView, WhyView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");
const JOBS = 40;

it("jobs that nobody can run, and that take long to be found so, delay no other job", async () => {
  const agent = await agentInTest({ dir: tempDir(), name: "alpha", args: ["--flows", FLOWS] });
  const hopeless: string[] = [];
  for (let n = 0; n < JOBS; n += 1) hopeless.push(await post(agent, [`never_soon(${n})`]));
  const times: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    const began = performance.now();
    const id = await post(agent, []);
    await until(async () => (await view<JobView>(agent, `/v1/jobs/${id}`)).state === "SUCCESS", {
      ...{ withinMs: 20_000, everyMs: 20 },
    });
    times.push(performance.now() - began);
  }
  const began = performance.now();
  const why = await view<WhyView>(agent, `/v1/jobs/${hopeless.at(-1) ?? ""}/why`);
  const whyMs = performance.now() - began;

  console.log(`note: hello beside ${JOBS} hopeless jobs ${times.map(Math.round).join(", ")} ms`);
  expect(Math.max(...times)).toBeLessThan(2_500);
  expect(why.agents.map(({ able }: AgentWhyView) => able)).toEqual([false]);
  expect(whyMs).toBeLessThan(2_000);
});

async function post(agent: AgentProcess, require: readonly string[]): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "hello", params: {}, require }),
  });
  return ((await answer.json()) as JobView).id;
}

async function view<T>(agent: AgentProcess, path: string): Promise<T> {
  return (await (await fetch(agent.url + path)).json()) as T;
}
