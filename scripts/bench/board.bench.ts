import { parseArgs } from "node:util";
import type { JobBoard } from "../../boards/board.js";
import { type Bar, judge } from "./bars.js";
import type { BenchedBoard } from "./board/benched.js";
import { benchConsul } from "./board/consul.js";
import { measureContest } from "./board/contest.js";
import { crowd, pickUp } from "./board/crowd.js";
import { measureIdle, measurePickUp } from "./board/idle.js";
import { measureRates } from "./board/rates.js";
import { benchRedis } from "./board/redis.js";
import { percentile, type Report } from "./report.js";

/*
 * `npm run bench -- board [--board redis|consul]`: what the boards for many machines cost, each
 * beside the limit of its own server, measured in the same run.
 */

const BOARDS: Readonly<Record<string, () => Promise<BenchedBoard>>> = {
  redis: benchRedis,
  consul: benchConsul,
};

const CROWD_ROUNDS = 300;

export default async function benchBoards(report: Report, words: readonly string[]): Promise<void> {
  const bars: Bar[] = [];
  for (const start of chosen(words)) {
    await using benched = await start();
    report.note(`${benched.name} ${benched.version}, Node ${process.version}`);
    bars.push(...(await benchBoard(benched, report)));
  }
  judge(report, bars);
}

function chosen(words: readonly string[]): readonly (() => Promise<BenchedBoard>)[] {
  const { values } = parseArgs({ args: [...words], options: { board: { type: "string" } } });
  if (values.board === undefined) return Object.values(BOARDS);
  const start = BOARDS[values.board];
  if (start !== undefined) return [start];
  throw new Error(
    `there is no board "${values.board}" to measure, but ${Object.keys(BOARDS).join(" and ")}`,
  );
}

async function benchBoard(benched: BenchedBoard, report: Report): Promise<readonly Bar[]> {
  const { name, bars } = benched;
  await measureRates(benched, 1, report);
  const rates = await measureRates(benched, 32, report);
  const contest = await measureContest(benched, report);
  const crowdRatio = await measureCrowds(benched, report);
  const pick = await measurePickUp(benched, report);
  const idle = Math.max(
    await measureIdle(benched, 0, report),
    await measureIdle(benched, 1_000, report),
  );
  const { pickUpP99Max: p99, pairsShareMin, contestShareMin } = bars;
  const all: readonly (Bar | undefined)[] = [
    pairsShareMin === undefined
      ? undefined
      : {
          bar: "claim-and-consume pairs of the raw rate, 32 in flight",
          ...{ measured: rates.pairsShare, min: pairsShareMin },
        },
    contestShareMin === undefined
      ? undefined
      : {
          bar: "jobs/s of 20 agents after the same ones, of the raw rate, 32 in flight",
          ...{ measured: contest.rawShare, min: contestShareMin },
        },
    { bar: "claims lost to another, a job", measured: contest.lostPerJob, max: bars.lostPerJobMax },
    {
      bar: "claim latency, largest crowd to smallest",
      ...{ measured: crowdRatio, max: bars.crowdRatioMax },
    },
    {
      bar: "pick-up p50, in smallest requests",
      ...{ measured: pick.p50 / pick.smallestP50, max: bars.pickUpMax },
    },
    p99 === undefined
      ? undefined
      : {
          bar: "pick-up p99, ms",
          ...{ measured: pick.p99, max: Math.max(p99.ms, p99.smallest * pick.smallestP99) },
        },
    { bar: "idle requests/s an agent", measured: idle, max: bars.idleMax },
  ];
  return all.flatMap((bar) => (bar === undefined ? [] : [{ ...bar, bar: `${name}: ${bar.bar}` }]));
}

/** Medians in turns, so that what else the machine does falls on all; the last to the first. */
async function measureCrowds(benched: BenchedBoard, report: Report): Promise<number> {
  const crowds: { readonly waiting: number; readonly board: JobBoard; readonly ms: number[] }[] =
    [];
  for (const waiting of benched.crowds) {
    const board = await benched.open(`crowd-${String(waiting)}`);
    await crowd(board, waiting);
    crowds.push({ waiting, board, ms: [] });
  }
  for (let round = 0; round < CROWD_ROUNDS; round += 1) {
    for (const { board, ms } of crowds) ms.push(await pickUp(board, round));
  }
  for (const { waiting, board, ms } of crowds) {
    await board[Symbol.asyncDispose]();
    const [p50, p99] = [percentile(ms, 0.5), percentile(ms, 0.99)];
    report.row({ board: benched.name, what: "look to claim, ms", waiting, p50, p99 });
  }
  const [first, last] = [crowds[0], crowds.at(-1)];
  return percentile(last?.ms ?? [], 0.5) / percentile(first?.ms ?? [], 0.5);
}
