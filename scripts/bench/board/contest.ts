import type { Claimed, JobBoard, Posting } from "../../../boards/board.js";
import { until } from "../../lab/until.js";
import { percentile, type Report } from "../report.js";
import { startBenchAgents } from "./agents.js";
import type { BenchedBoard } from "./benched.js";
import { rate } from "./rates.js";

const AGENTS = 20;
const ROUNDS = 3;
/** Of one round. */
const JOBS = 1_500;
const RAW_MS = 1_000;
const RAW_IN_FLIGHT = 32;
const WITHIN_MS = 60_000;
const FLOW = "contest";

export interface Contest {
  readonly jobsPerSecond: number;
  /** Median of the rounds' own ratios: what else the machine did falls on both. */
  readonly rawShare: number;
  /** Claims lost to another agent. */
  readonly lostPerJob: number;
}

/** 20 agents that all want the same jobs and have nothing to do in them: the worst case. */
export async function measureContest(benched: BenchedBoard, report: Report): Promise<Contest> {
  const tally: Record<Claimed, number> = { claimed: 0, taken: 0, gone: 0 };
  const over = new Set<string>();
  const watched = async (): Promise<JobBoard> => {
    const board = await benched.open("contest");
    const [claim, consume] = [board.claim.bind(board), board.consume.bind(board)];
    board.claim = async (id, claimId) => {
      const claimed = await claim(id, claimId);
      tally[claimed] += 1;
      return claimed;
    };
    board.consume = async (id, claimId) => {
      await consume(id, claimId);
      over.add(id);
    };
    return board;
  };
  const agents = await startBenchAgents({ count: AGENTS, flow: FLOW, open: watched });
  const poster = await benched.open("contest");
  const rounds: { readonly jobsPerSecond: number; readonly rawShare: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const raw = await rate(RAW_IN_FLIGHT, RAW_MS, () => benched.rawAct());
    const from = performance.now();
    await poster.put(postings(round));
    const all = JOBS * (round + 1);
    await until(() => over.size === all, { withinMs: WITHIN_MS, everyMs: 2, what: "all jobs" });
    const jobsPerSecond = (JOBS * 1_000) / (performance.now() - from);
    rounds.push({ jobsPerSecond, rawShare: jobsPerSecond / raw.perSecond });
  }
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  await poster[Symbol.asyncDispose]();
  if (tally.claimed !== over.size) throw new Error("a job was claimed twice");
  const contest = {
    jobsPerSecond: percentile(
      rounds.map((each) => each.jobsPerSecond),
      0.5,
    ),
    rawShare: percentile(
      rounds.map((each) => each.rawShare),
      0.5,
    ),
    lostPerJob: (tally.taken + tally.gone) / over.size,
  };
  report.row({
    board: benched.name,
    what: "agents after the same jobs",
    agents: AGENTS,
    ...contest,
  });
  return contest;
}

function postings(round: number): readonly Posting[] {
  return Array.from({ length: JOBS }, (_, n) => ({
    id: `job-${String(round)}-${String(n).padStart(6, "0")}`,
    signature: `[1,"${FLOW}",1]`,
    ...{ priority: 0, delayMs: 0 },
  }));
}
