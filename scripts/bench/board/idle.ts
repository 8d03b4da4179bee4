import { percentile, type Report } from "../report.js";
import { startBenchAgents } from "./agents.js";
import type { BenchedBoard } from "./benched.js";
import { crowd } from "./crowd.js";

const AGENTS = 5;
const JOBS = 300;
/** Time between two jobs: the agents have nothing to do when one comes. */
const APART_MS = 20;
const IDLE_MS = 10_000;
const SETTLE_MS = 3_000;
const PICK_UP_WITHIN_MS = 10_000;

export interface PickUps {
  readonly p50: number;
  readonly p99: number;
  readonly smallestP50: number;
  readonly smallestP99: number;
}

/** From the answer to a post to the claim, when all agents are idle; beside the smallest request. */
export async function measurePickUp(benched: BenchedBoard, report: Report): Promise<PickUps> {
  const wins = new Map<string, (at: number) => void>();
  const agents = await startBenchAgents({
    ...{ count: AGENTS, flow: "mine", open: () => benched.open("pick-up") },
    claimed: (job) => wins.get(job)?.(performance.now()),
  });
  const poster = await benched.open("pick-up");
  const [tookMs, smallestMs]: [number[], number[]] = [[], []];
  for (let n = 0; n < JOBS; n += 1) {
    await pause(APART_MS);
    const asked = performance.now();
    await benched.smallest();
    smallestMs.push(performance.now() - asked);
    const id = `job-${String(n).padStart(6, "0")}`;
    const won = new Promise<number>((resolve) => wins.set(id, resolve));
    await poster.put([{ id, signature: '[1,"mine",1]', priority: 0, delayMs: 0 }]);
    const posted = performance.now();
    const at = await Promise.race([won, pause(PICK_UP_WITHIN_MS).then(() => Infinity)]);
    if (at === Infinity) throw new Error(`${id} was not claimed`);
    tookMs.push(Math.max(0, at - posted));
  }
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  await poster[Symbol.asyncDispose]();
  const result = {
    p50: percentile(tookMs, 0.5),
    p99: percentile(tookMs, 0.99),
    smallestP50: percentile(smallestMs, 0.5),
    smallestP99: percentile(smallestMs, 0.99),
  };
  report.row({ board: benched.name, what: "pick-up, ms", agents: AGENTS, jobs: JOBS, ...result });
  return result;
}

/** Requests a second of each idle agent, while `waiting` jobs wait that none of them can run. */
export async function measureIdle(
  benched: BenchedBoard,
  waiting: number,
  report: Report,
): Promise<number> {
  const name = `idle-${String(waiting)}`;
  const agents = await startBenchAgents({
    ...{ count: AGENTS, flow: "mine", open: () => benched.openCounted(name) },
  });
  const poster = await benched.open(name);
  await crowd(poster, waiting);
  await poster[Symbol.asyncDispose]();
  await pause(SETTLE_MS); // Until all have seen it.
  const before = await benched.requests();
  await pause(IDLE_MS);
  const asked = (await benched.requests()) - before;
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  const perSecond = asked / AGENTS / (IDLE_MS / 1_000);
  report.row({ board: benched.name, what: "idle requests/s an agent", waiting, perSecond });
  return perSecond;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
