import pino from "pino";
import { createClaims } from "../../../agent/claims.js";
import { Conductor } from "../../../agent/conductor.js";
import type { JobBoard } from "../../../boards/board.js";
import { systemClock } from "../../../cli/clock.js";
import { matcherOf } from "../../lab/matcher.js";

/** The claiming half of an agent: what it claims it consumes at once. */
export interface BenchAgent extends AsyncDisposable {
  readonly name: string;
}

export interface BenchAgentOptions {
  readonly name: string;
  readonly board: JobBoard;
  readonly flow: string;
  /** Called when a claim is won. */
  claimed(job: string): void;
}

/** Starts claiming at once; disposing it closes the board too. */
export function startBenchAgent({ name, board, flow, claimed }: BenchAgentOptions): BenchAgent {
  const log = pino({ level: "silent" });
  const claims = createClaims({
    ...{ board, log, clock: systemClock, incarnation: name },
    renewed: () => undefined,
  });
  const matcher = matcherOf(new Map([[flow, [1]]]), systemClock);
  const conductor = new Conductor({
    ...{ board, claims, matcher, log, clock: systemClock, slots: () => 4 },
    random: Math.random,
    mayClaim: () => Promise.resolve(true),
    surveyed: () => undefined,
    execute: async (claim) => {
      claimed(claim.job);
      await claims.release(claim, "consume");
    },
  });
  conductor.start();
  return {
    name,
    async [Symbol.asyncDispose]() {
      await conductor.stop();
      await conductor.idle();
      await claims[Symbol.asyncDispose]();
      await board[Symbol.asyncDispose]();
    },
  };
}

export interface BenchAgents {
  readonly count: number;
  readonly flow: string;
  /** The board of one more agent. */
  open(): Promise<JobBoard>;
  readonly claimed?: (job: string) => void;
}

export async function startBenchAgents(options: BenchAgents): Promise<readonly BenchAgent[]> {
  const { count, flow, open, claimed = () => undefined } = options;
  const agents: BenchAgent[] = [];
  for (let n = 0; n < count; n += 1) {
    agents.push(startBenchAgent({ name: `agent${String(n)}`, board: await open(), flow, claimed }));
  }
  return agents;
}
