import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView, WhyView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { runCommand } from "../../scripts/lab/command.js";
import { readEffects } from "../../scripts/lab/fleet/effects.js";
import { signal } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const LEASE_MS = 2_000;
const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("what holds jobs back", { timeout: 60_000 }, () => {
  it("is said on the command line, and refused with what to do", async () => {
    const agent = await agentInTest({ dir: tempDir(), name: "alpha" });
    const jobrunner = (...words: string[]) => runCommand([...words, "--via", agent.url]);
    const first = await jobrunner("post", "hello", "--unique-key", "k", "--delay", "1h");
    const id = first.stdout.split("\t")[0] ?? "";

    const [held, late, wrong, never] = await Promise.all([
      jobrunner("post", "hello", "--unique-key", "k"),
      jobrunner("post", "hello", "--delay", "1h", "--start-by", "2020-01-01T00:00:00Z"),
      jobrunner("post", "hello", "--start-by", "soon"),
      jobrunner("post", "hello", "--concurrency", "disk"),
    ]);

    expect([first, held, late, wrong, never].map(({ code }) => code)).toEqual([0, 6, 2, 2, 2]);
    expect(held.stderr).toContain(`job ${id}, which is WAITING, has the unique key k`);
    expect(held.stderr).toContain(`jobrunner wait ${id}`);
    expect(late.stderr).toContain("startBy is over already");
    expect(wrong.stderr).toContain('--start-by: "soon" is neither a duration nor a time');
    expect(never.stderr).toContain('--concurrency: "disk" is not KEY:LIMIT');
    const more = ["--concurrency", "disk:2", "--start-by", "10m", "--wait"];
    expect(await jobrunner("post", "hello", ...more)).toMatchObject({ code: 0 });
  });

  it("P-45: a job keeps its slot when its owner is killed, and the next begins when it is over", async () => {
    const dir = tempDir();
    const args = ["--lease", `${LEASE_MS}ms`, "--flows", FLOWS];
    const [alpha, beta] = [
      await agentInTest({ dir, name: "alpha", args }),
      await agentInTest({ dir, name: "beta", args }),
    ];
    const file = join(dir, "effects.jsonl");
    const release = join(dir, "release");
    const first = await post(alpha, { file, release, "hold-at": 5 });
    const inside = () => readEffects(file).some(({ atom }) => atom === "steps/step-5");
    await until(inside, { withinMs: 15_000, what: "the first to be in its fifth task" });
    const second = await post(alpha, { file });
    const owner = (await show(alpha, first)).agent === "alpha" ? alpha : beta;
    const other = owner === alpha ? beta : alpha;

    signal(owner.pid, "SIGKILL");
    const goesOn = () =>
      readEffects(file).filter(({ atom }) => atom === "steps/step-5").length === 2;
    await until(goesOn, { withinMs: LEASE_MS + 10_000, what: "the other to go on" });
    const why = await get<WhyView>(other, `${second}/why`);
    expect(why.obstacles).toEqual([
      { why: `it waits for a slot of disk: 1 of 1 taken by ${first}` },
    ]);
    expect(await show(other, second)).toMatchObject({ state: "WAITING", owners: [] });
    writeFileSync(release, "");
    const ended = async () => (await show(other, second)).state === "SUCCESS";
    await until(ended, { withinMs: 15_000, what: "the second to end, without its delay" });

    expect(await show(other, first)).toMatchObject({ state: "SUCCESS" });
    const jobs = readEffects(file).map(({ job }) => job);
    expect(jobs.indexOf(second)).toBeGreaterThan(jobs.lastIndexOf(first));
  });
});

async function post(
  agent: AgentProcess,
  params: Readonly<Record<string, number | string>>,
): Promise<string> {
  const concurrency = { key: "disk", limit: 1 };
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "ten_steps", params, concurrency }),
  });
  return ((await answer.json()) as JobDetailView).id;
}

const show = (agent: AgentProcess, job: string) => get<JobDetailView>(agent, job);

async function get<T>(agent: AgentProcess, path: string): Promise<T> {
  return (await (await fetch(`${agent.url}/v1/jobs/${path}`)).json()) as T;
}
