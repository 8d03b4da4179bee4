import type { JobBoard } from "../../../boards/board.js";
import { op, transact } from "../../../consul/txn.js";
import { Proxy } from "../../lab/proxy.js";
import { until } from "../../lab/until.js";
import { percentile, type Report } from "../report.js";
import { type ConsulPlace, postings } from "./consul-place.js";

const MINE = '[1,"mine",1]';
const ROUNDS = 60;
const AGENTS = 3;
const IDLE_MS = 12_000;

/** From looking to the claim, beside jobs that this agent cannot run: 5,000 against 100. */
export async function benchClaimLatency(place: ConsulPlace, report: Report): Promise<number> {
  const sizes = [100, 5_000];
  const boards = await Promise.all(sizes.map((waiting) => crowded(place, waiting)));
  const taken: number[][] = sizes.map(() => []);
  // In turns, so that what else the machine does falls on both.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [n, board] of boards.entries()) taken[n]?.push(await pickOne(board, round));
  }
  const medians = taken.map((sample) => percentile(sample, 0.5));
  sizes.forEach((waiting, n) => {
    const p99Ms = percentile(taken[n] ?? [], 0.99);
    report.row({ board: "consul", cannotRun: waiting, claimP50Ms: medians[n], claimP99Ms: p99Ms });
  });
  return (medians[1] ?? Number.NaN) / (medians[0] ?? Number.NaN);
}

async function crowded(place: ConsulPlace, waiting: number): Promise<JobBoard> {
  const board = await place.open(place.fresh());
  for (let kind = 0; kind < 20; kind += 1) {
    await board.put(postings(waiting / 20, `[1,"other",1,["port_is_free",${kind}]]`));
  }
  return board;
}

async function pickOne(board: JobBoard, round: number): Promise<number> {
  await board.put(postings(1, MINE));
  const from = performance.now();
  const { signatures } = await board.survey();
  const able = signatures.filter((each) => each === MINE);
  const [candidate] = await board.candidates(able, 64);
  if (candidate === undefined) throw new Error("the job is not there");
  const claimed = await board.claim(candidate.id, `me.${round}`);
  const tookMs = performance.now() - from;
  if (claimed !== "claimed") throw new Error(`the job is ${claimed}`);
  await board.consume(candidate.id, `me.${round}`);
  return tookMs;
}

export interface PickUp {
  /** Median of the pick-up against the median of one KV PUT. */
  readonly ofPut: number;
  readonly idlePerSecond: number;
}

/** From the answered post to the claim that is won, with idle agents; and what they ask meanwhile. */
export async function benchPickUp(
  place: ConsulPlace,
  port: number,
  report: Report,
): Promise<PickUp> {
  const prefix = place.fresh();
  const poster = await place.open(prefix);
  await using proxy = await Proxy.start(port);
  const stop = new AbortController();
  const won = new Map<string, number>();
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, () => place.open(prefix, proxy.port)),
  );
  const loops = agents.map((board, n) => idleAgent(board, `idle${n}`, { won, stop: stop.signal }));
  const idlePerSecond = await idleRate(proxy);
  const [pickUps, puts]: [number[], number[]] = [[], []];
  for (const [n, job] of postings(ROUNDS, MINE).entries()) {
    const from = performance.now();
    await transact(place.client, [op.set(`${prefix}-put`, String(n))]);
    puts.push(performance.now() - from);
    await poster.put([job]);
    const posted = performance.now();
    const at = await until(() => won.get(job.id), { withinMs: 10_000, everyMs: 1 });
    pickUps.push(Math.max(0, at - posted));
  }
  stop.abort();
  await Promise.all(loops);
  const [p50Ms, p99Ms] = [percentile(pickUps, 0.5), percentile(pickUps, 0.99)];
  const putP50Ms = percentile(puts, 0.5);
  report.row({ board: "consul", idleAgents: AGENTS, pickUpP50Ms: p50Ms, p99Ms, putP50Ms });
  report.row({ board: "consul", idleAgents: AGENTS, requestsPerSecondEach: idlePerSecond });
  return { ofPut: p50Ms / putP50Ms, idlePerSecond };
}

/** After a first look of each, so that opening does not count. */
async function idleRate(proxy: Proxy): Promise<number> {
  const before = proxy.requests;
  const end = performance.now() + IDLE_MS;
  await until(() => performance.now() > end, { withinMs: 2 * IDLE_MS, everyMs: 50 });
  return ((proxy.requests - before) * 1_000) / IDLE_MS / AGENTS;
}

async function idleAgent(
  board: JobBoard,
  name: string,
  { won, stop }: { readonly won: Map<string, number>; readonly stop: AbortSignal },
): Promise<void> {
  let claims = 0;
  while (!stop.aborted) {
    const changed = board.changed(stop);
    const { signatures } = await board.survey();
    for (const { id } of signatures.length === 0 ? [] : await board.candidates(signatures, 64)) {
      const claimId = `${name}.${(claims += 1)}`;
      if ((await board.claim(id, claimId)) !== "claimed") continue;
      won.set(id, performance.now());
      await board.consume(id, claimId);
    }
    await changed;
  }
}
