import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView, JobView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { familyOf, signal } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { type Effect, readEffects } from "../../scripts/lab/fleet/effects.js";
import { tempDir } from "../support/temp.js";

/*
 * Two agents on one file, a flow of ten tasks whose effects are appended to a file that jobrunner
 * knows nothing of, and an owner that dies, freezes or is told to leave in the middle.
 */

const LEASE_MS = 2_000;
const FLOWS = join(import.meta.dirname, "fixtures", "flows");
const ATOMS = Array.from({ length: 10 }, (_, n) => `steps/step-${n + 1}`);

interface Scene {
  readonly owner: AgentProcess;
  readonly other: AgentProcess;
  readonly job: string;
  readonly effects: () => readonly Effect[];
  readonly release: () => void;
}

describe("two agents on one file", { timeout: 60_000 }, () => {
  it("take over from an owner that was killed within its lease and a second", async () => {
    const scene = await hold();

    const killedAt = Date.now();
    signal(scene.owner.pid, "SIGKILL");
    await until(() => begunBy(scene, scene.other).length > 0, { withinMs: LEASE_MS + 5_000 });
    const tookMs = (begunBy(scene, scene.other)[0]?.at ?? Number.POSITIVE_INFINITY) - killedAt;
    scene.release();
    const job = await finished(scene.other, scene.job);

    expect(job.state).toBe("SUCCESS");
    expect(job.owners.map((owner) => owner.agent)).toEqual([scene.owner.name, scene.other.name]);
    expect(tookMs).toBeLessThan(LEASE_MS + 1_000);
    expectOncePerOwnership(scene.effects());
    console.log(`take-over after kill -9: ${tookMs} ms at a lease of ${LEASE_MS} ms`);
  });

  it("leave a frozen owner nothing to do but stop when it wakes", async () => {
    const scene = await hold();

    // The whole machine: the agent and its runners, as when a lid closes.
    const machine = familyOf(scene.owner.pid);
    for (const { pid } of machine) signal(pid, "SIGSTOP");
    const frozenAt = Date.now();
    await until(() => begunBy(scene, scene.other).length > 0, { withinMs: LEASE_MS * 3 });
    await until(() => Date.now() - frozenAt > LEASE_MS * 3, { withinMs: LEASE_MS * 4 });
    for (const { pid } of machine) signal(pid, "SIGCONT");
    const wokeAt = Date.now();
    scene.release();
    const job = await finished(scene.other, scene.job);

    expect(job.state).toBe("SUCCESS");
    expect(begunBy(scene, scene.owner).filter((effect) => effect.at >= wokeAt)).toEqual([]);
    expectOncePerOwnership(scene.effects());
    await expectHealthy(scene);
  });

  it("leave an owner whose agent alone froze nothing to write", async () => {
    const scene = await hold();

    signal(scene.owner.pid, "SIGSTOP");
    await until(() => begunBy(scene, scene.other).length > 0, { withinMs: LEASE_MS * 3 });
    scene.release();
    const job = await finished(scene.other, scene.job);
    signal(scene.owner.pid, "SIGCONT");

    expect(job.state).toBe("SUCCESS");
    expectOncePerOwnership(scene.effects());
    await expectHealthy(scene);
  });

  it("hand over within 500 ms when the owner is told to stop", async () => {
    const scene = await start({ "hold-at": 0, pause: 100 });
    await until(() => begunBy(scene, scene.owner).length >= 4, { withinMs: 10_000 });

    const toldAt = Date.now();
    const stopped = scene.owner.stop();
    await until(() => begunBy(scene, scene.other).length > 0, { withinMs: 10_000 });
    const tookMs = (begunBy(scene, scene.other)[0]?.at ?? Number.POSITIVE_INFINITY) - toldAt;
    const exit = await stopped;
    const job = await finished(scene.other, scene.job);

    expect(exit.code).toBe(0);
    expect(job.state).toBe("SUCCESS");
    expect(tookMs).toBeLessThan(500);
    expectEachOnce(scene.effects());
    console.log(`hand-over on SIGTERM: ${tookMs} ms`);
  });
});

/** Two agents, and a job that one of them owns and holds in the middle of its fifth task. */
async function hold(): Promise<Scene> {
  const scene = await start({ "hold-at": 5 });
  const held = () => begunBy(scene, scene.owner).some(({ atom }) => atom === "steps/step-5");
  await until(held, { withinMs: 10_000 });
  return scene;
}

async function start(params: Readonly<Record<string, number>>): Promise<Scene> {
  const dir = tempDir();
  const args = ["--lease", `${LEASE_MS}ms`, "--flows", FLOWS];
  const agents = await Promise.all(
    ["alpha", "beta"].map((name) => agentInTest({ dir, name, args })),
  );
  const [alpha, beta] = agents;
  if (alpha === undefined || beta === undefined) throw new Error("two agents were started");
  const file = join(dir, "effects.jsonl");
  const release = join(dir, "release");
  const job = await post(alpha, { file, release, ...params });
  const owner = await until(async () => (await show(alpha, job)).agent, {
    withinMs: 10_000,
    what: "an owner",
  });
  return {
    owner: owner === alpha.name ? alpha : beta,
    other: owner === alpha.name ? beta : alpha,
    job,
    effects: () => readEffects(file),
    release: () => writeFileSync(release, ""),
  };
}

async function post(
  agent: AgentProcess,
  params: Readonly<Record<string, number | string>>,
): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "ten_steps", params }),
  });
  const body = (await answer.json()) as JobView;
  if (answer.status !== 201) throw new Error(`posting: ${JSON.stringify(body)}`);
  return body.id;
}

async function show(agent: AgentProcess, job: string): Promise<JobDetailView> {
  const answer = await fetch(`${agent.url}/v1/jobs/${job}`);
  return (await answer.json()) as JobDetailView;
}

async function finished(agent: AgentProcess, job: string): Promise<JobDetailView> {
  const ended = async (): Promise<JobDetailView | undefined> => {
    const view = await show(agent, job);
    return view.endedAt === undefined ? undefined : view;
  };
  return until(ended, { withinMs: 20_000, everyMs: 50, what: "the job's end" }).then((view) => {
    if (view === undefined) throw new Error("no view");
    return view;
  });
}

function begunBy(scene: Scene, agent: AgentProcess): readonly Effect[] {
  return scene.effects().filter(({ phase, agent: by }) => phase === "begin" && by === agent.name);
}

/** Every task ended; none was begun twice under one ownership. */
function expectOncePerOwnership(effects: readonly Effect[]): void {
  const ended = new Set(effects.filter(({ phase }) => phase === "end").map(({ atom }) => atom));
  expect([...ended].sort()).toEqual([...ATOMS].sort());
  const begun = effects.filter(({ phase }) => phase === "begin");
  const perOwnership = begun.map(({ atom, agent }) => `${atom} by ${agent}`);
  expect(new Set(perOwnership).size).toBe(perOwnership.length);
  const twice = ATOMS.filter((atom) => begun.filter((effect) => effect.atom === atom).length > 1);
  expect(twice).toEqual(["steps/step-5"]); // Only the one that was inside when its owner went.
}

function expectEachOnce(effects: readonly Effect[]): void {
  const ends = effects.filter(({ phase }) => phase === "end").map(({ atom }) => atom);
  expect(ends).toEqual(ATOMS);
}

/** The former owner works on: with the other one gone, the next job is its own. */
async function expectHealthy(scene: Scene): Promise<void> {
  await scene.other.stop();
  await scene.owner.ready();
  const file = `${scene.job}-next`;
  const job = await post(scene.owner, { file: join(tempDir(), file) });
  expect((await finished(scene.owner, job)).agent).toBe(scene.owner.name);
}
