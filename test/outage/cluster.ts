import { join } from "node:path";
import pino from "pino";
import { type Agent, startAgent } from "../../agent/agent.js";
import { flowHash } from "../../agent/flow-hash.js";
import { openIdentity } from "../../agent/identity.js";
import { openBoard } from "../../boards/open.js";
import { openMachineMembership } from "../../cluster/machine.js";
import { SILENT_POWER } from "../../power/power.js";
import { systemClock } from "../../cli/clock.js";
import { hasCode } from "../../common/error.js";
import { isEnded, toSignature } from "../../common/job.js";
import type { HealthView } from "../../common/wire.js";
import { createFacts } from "../../facts/facts.js";
import { createSources } from "../../facts/sources.js";
import { openPersistence } from "../../persistence/open.js";
import type { NewJob, Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { fileLocks } from "../../sqlite/lock.js";
import { newJob } from "../contracts/samples.js";
import { closing } from "../contracts/sqlite.js";
import { linear } from "../protocol/world.js";
import { configIn } from "../support/config.js";
import { tempDir } from "../support/temp.js";
import { FLOW, slowRunners } from "./slow-runners.js";
import { Witness } from "./witness.js";

/** How soon work must go on once the database is back, ms. */
export const BACK_WITHIN_MS = 10_000;

/**
 * A whole agent in this process, on a database that the test takes away: real board, persistence,
 * claims, owners and engines; only the bodies are the test's.
 */
export interface Cluster {
  readonly witness: Witness;
  readonly jobs: readonly NewJob[];
  /** Posts, for as long as it takes. */
  post(count: number): Promise<void>;
  /** What /readyz says. */
  health(): Promise<HealthView>;
  /** States of all jobs, once every one is over. */
  ends(): Promise<readonly string[]>;
}

export async function openCluster(database: string, slots = 50): Promise<Cluster> {
  const directory = tempDir();
  const witness = new Witness(join(tempDir(), "witness.jsonl"));
  const persistence = await openPersistence(database);
  const board = await openBoard(`sqlite:${directory}/board.db`, { leaseMs: 10_000 });
  const config = configIn(directory, { slots: String(slots) });
  const identity = await openIdentity({ directory, name: "one", takeLock: await fileLocks() });
  const agent = await startAgent({
    config: { ...config, directory },
    persistence: witness.watch(persistence),
    board,
    runners: slowRunners(persistence, (job, atom) => witness.ran(job, atom)),
    identity,
    power: SILENT_POWER,
    membership: openMachineMembership({ directory, peers: [] }),
    version: "0.0.0",
    facts: createFacts({ clock: systemClock, agent: "one", ...createSources() }),
    clock: systemClock,
    log: pino({ level: process.env["JOBRUNNER_TEST_LOG"] ?? "silent" }),
  });
  closing({ [Symbol.asyncDispose]: () => leave(agent) });
  const jobs: NewJob[] = [];
  return {
    ...{ witness, jobs },
    post: async (count) => {
      for (let index = 0; index < count; index += 1) {
        const spec = linear("a", "b", "c");
        const needs = { protocol: 1, flow: FLOW, version: 1, clauses: [] };
        const job = newJob({ spec, needs, flowHash: flowHash(spec) });
        await postInTheEnd(persistence, job);
        jobs.push(job);
        const { id, priority } = job;
        await board.put([{ id, signature: toSignature(needs), priority, delayMs: 0 }]);
      }
    },
    health: async () => (await (await fetch(`${agent.address}/readyz`)).json()) as HealthView,
    ends: async () => {
      const states = new Map<string, string>();
      await until(
        async () => {
          for (const { id } of jobs) {
            if (states.has(id)) continue;
            const state = (await persistence.job(id))?.state;
            if (state === undefined || !isEnded(state)) return false;
            states.set(id, state);
          }
          return true;
        },
        { withinMs: 60_000, everyMs: 100, what: "every job to end" },
      );
      return [...states.values()];
    },
  };
}

/** The identical posting again: it is idempotent. */
async function postInTheEnd(persistence: Persistence, job: NewJob): Promise<void> {
  const post = async (): Promise<boolean> => {
    try {
      return (await persistence.post(job)).id === job.id;
    } catch (error) {
      if (hasCode(error, "PERSISTENCE_DOWN")) return false;
      throw error;
    }
  };
  await until(post, { withinMs: 180_000, everyMs: 50, what: "a posting" });
}

/** The second call does not wait for what runs. */
async function leave(agent: Agent): Promise<void> {
  const stopped = agent.stop();
  void agent.stop();
  await stopped;
}
