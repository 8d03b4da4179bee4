import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { createClaims } from "../../../agent/claims.js";
import { Conductor } from "../../../agent/conductor.js";
import { Sweep } from "../../../agent/sweep.js";
import type { JobBoard } from "../../../boards/board.js";
import type { Persistence } from "../../../persistence/persistence.js";
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
  /** Where the jobs are, for an agent that sweeps as well. */
  readonly persistence?: Persistence;
}

/** Starts claiming at once; disposing it closes the board too. */
export function startBenchAgent(options: BenchAgentOptions): BenchAgent {
  const { name, board, flow, claimed, persistence } = options;
  const log = pino({ level: "silent" });
  const claims = createClaims({
    ...{ board, log, clock: systemClock, incarnation: name },
    renewed: () => undefined,
  });
  const directory = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  const identity = { agent: name, machine: name, incarnation: name };
  const tell = (): void => undefined;
  const parts = { board, claims, log, clock: systemClock, identity, tell, directory };
  const sweep = persistence === undefined ? undefined : new Sweep({ ...parts, persistence });
  const matcher = matcherOf(new Map([[flow, [1]]]), systemClock);
  const conductor = new Conductor({
    ...{ board, claims, matcher, log, clock: systemClock, slots: () => 4 },
    random: Math.random,
    obstacle: () => Promise.resolve(undefined),
    busy: () => undefined,
    surveyed: (survey) => sweep?.surveyed(survey),
    execute: async (claim) => {
      claimed(claim.job);
      await claims.release(claim, "consume");
    },
  });
  const started = sweep?.start();
  conductor.start();
  return {
    name,
    async [Symbol.asyncDispose]() {
      await started;
      await sweep?.stop();
      await conductor.stop();
      await conductor.idle();
      await claims[Symbol.asyncDispose]();
      await board[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface BenchAgents {
  readonly count: number;
  readonly flow: string;
  /** The board of one more agent. */
  open(): Promise<JobBoard>;
  readonly claimed?: (job: string) => void;
  readonly persistence?: Persistence;
}

export async function startBenchAgents(options: BenchAgents): Promise<readonly BenchAgent[]> {
  const { count, flow, open, claimed = () => undefined, persistence } = options;
  const more = persistence === undefined ? {} : { persistence };
  const agents: BenchAgent[] = [];
  for (let n = 0; n < count; n += 1) {
    const name = `agent${String(n)}`;
    agents.push(startBenchAgent({ name, board: await open(), flow, claimed, ...more }));
  }
  return agents;
}
