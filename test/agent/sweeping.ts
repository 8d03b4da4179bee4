import { mkdirSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { onTestFinished } from "vitest";
import { type Claims, createClaims } from "../../agent/claims.js";
import type { Told } from "../../agent/events/telling/told.js";
import { Sweep } from "../../agent/sweep.js";
import type { JobBoard } from "../../boards/board.js";
import { openBoard } from "../../boards/open.js";
import { openPersistence } from "../../persistence/open.js";
import type { NewJob, Persistence } from "../../persistence/persistence.js";
import { newJob } from "../contracts/samples.js";
import { FakeClock } from "../support/fake-clock.js";
import { tempDir } from "../support/temp.js";

/* The sweeping halves of agents, on boards in files and one database, in time that is told. */

export const LEASE_MS = 10_000;

export async function openCluster() {
  const dir = tempDir();
  const clock = new FakeClock();
  const persistence = await openPersistence(`sqlite:${dir}/jobs.db`, { now: () => clock.now() });
  onTestFinished(() => persistence[Symbol.asyncDispose]());
  const agent = (name: string, board: string, boardDir = dir) =>
    openAgent({ persistence, clock, name, dir, boardFile: join(boardDir, `${board}.db`) });
  return { dir, clock, persistence, agent };
}

interface AgentOptions {
  readonly persistence: Persistence;
  readonly clock: FakeClock;
  readonly name: string;
  readonly dir: string;
  readonly boardFile: string;
}

async function openAgent({ persistence, clock, name, dir, boardFile }: AgentOptions) {
  const board = await openBoard(`sqlite:${boardFile}`, {
    leaseMs: LEASE_MS,
    clock: { now: () => clock.monotonic(), era: "test" },
  });
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  const directory = join(dir, `state-${name}`);
  mkdirSync(directory, { recursive: true });
  const claims: Claims = createClaims({
    ...{ board, clock, log },
    incarnation: name,
    renewed: () => undefined,
  });
  const told: Told[] = [];
  let recovered = 0;
  const sweep = new Sweep({
    ...{ board, persistence, claims, clock, log, directory },
    identity: { agent: name, machine: `machine-${name}`, incarnation: name },
    tell: (event) => void told.push(event),
    recovered: () => void (recovered += 1),
  });
  onTestFinished(async () => {
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });
  return { board, claims, sweep, told, log: lines, recovered: () => recovered };
}

export async function post(persistence: Persistence, more: Partial<NewJob> = {}): Promise<NewJob> {
  const job = newJob(more);
  await persistence.post(job);
  return job;
}

export async function claimable(board: JobBoard): Promise<readonly string[]> {
  const { signatures } = await board.survey();
  return (await board.candidates(signatures, 100)).map(({ id }) => id);
}
