import { v7 } from "uuid";
import { openPersistence } from "../../../persistence/open.js";
import type { NewJob } from "../../../persistence/persistence.js";
import { until } from "../../lab/until.js";
import { SPEC } from "../persistence/jobs.js";
import { percentile, type Report } from "../report.js";
import { startBenchAgents } from "./agents.js";
import type { BenchedBoard } from "./benched.js";
import { KINDS } from "./crowd.js";

const AGENTS = 5;
const JOBS = 300;
/** Time between two jobs: the agents have nothing to do when one comes. */
const APART_MS = 20;
/** A regular sweep comes after 25 to 35 s: there is one in it at least. */
const IDLE_MS = 36_000;
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

/**
 * Requests a second of each idle agent, its part in sweeps included, while `waiting` jobs wait that
 * none of them can run. Redis counts what scripts call as well.
 */
export async function measureIdle(
  benched: BenchedBoard,
  waiting: number,
  report: Report,
): Promise<number> {
  const name = `idle-${String(waiting)}`;
  const persistence = await openPersistence("sqlite::memory:");
  const jobs = waitingJobs(waiting);
  for (const job of jobs) await persistence.post(job);
  const agents = await startBenchAgents({
    ...{ count: AGENTS, flow: "mine", open: () => benched.openCounted(name), persistence },
  });
  const board = await benched.open(name);
  const all = jobs.map(({ id }) => id);
  const there = async (): Promise<boolean> => (await board.exists(all)).size === waiting;
  await until(there, { withinMs: 30_000, what: "the jobs to wait" });
  await board[Symbol.asyncDispose]();
  await pause(SETTLE_MS); // Until all have seen it.
  const before = await benched.requests();
  await pause(IDLE_MS);
  const asked = (await benched.requests()) - before;
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  await persistence[Symbol.asyncDispose]();
  const perSecond = asked / AGENTS / (IDLE_MS / 1_000);
  report.row({ board: benched.name, what: "idle requests/s an agent", waiting, perSecond });
  return perSecond;
}

/** Under 20 signatures, a tenth of them not due for an hour. */
function waitingJobs(count: number): readonly NewJob[] {
  return Array.from({ length: count }, (_, index) => {
    const clauses = [{ name: "port_is_free", args: [8_000 + (index % KINDS)] }];
    const job: NewJob = {
      ...{ id: v7(), needs: { protocol: 1, flow: "other", version: 1, clauses } },
      ...{ spec: SPEC, flowHash: "", name: "other", params: {}, postedVia: "bench" },
      priority: index % 7,
    };
    return index % 10 === 0 ? { ...job, runAt: Date.now() + 3_600_000 } : job;
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
