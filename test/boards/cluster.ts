import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { onTestFinished } from "vitest";
import { type Agent, startAgent } from "../../agent/agent.js";
import { resolveConfig } from "../../agent/config.js";
import { openIdentity } from "../../agent/identity.js";
import { openBoard } from "../../boards/open.js";
import { systemClock } from "../../cli/clock.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import { openPersistence } from "../../persistence/open.js";
import type { Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { fileLocks } from "../../sqlite/lock.js";
import { openRunners } from "../runner/open-runners.js";
import { countEnds, type Effect, readEffects } from "../support/effects.js";
import { tempDir } from "../support/temp.js";

/*
 * Whole agents in one process, on any board, whose jobs note what they do in a file that jobrunner
 * knows nothing of. All jobs wait in step 5 of 10 until they are let go.
 */

export const CLUSTER_LEASE_MS = 2_000;
const FLOWS = join(import.meta.dirname, "..", "e2e", "fixtures", "flows");
const STEPS = 10;
const HOLD_AT = 5;

export interface Cluster {
  readonly persistence: Persistence;
  agent(name: string): Promise<Agent>;
  post(agent: Agent, jobs: number): Promise<readonly string[]>;
  effects(): readonly Effect[];
  /** Resolves when so many jobs are in the step that waits. */
  holding(jobs: number): Promise<void>;
  letGo(): void;
  /** Resolves with all of these jobs when they are over. */
  ended(agent: Agent, jobs: readonly string[]): Promise<readonly JobDetailView[]>;
}

export async function openCluster(boardUrl: string): Promise<Cluster> {
  const dir = tempDir();
  const [file, release] = [join(dir, "effects"), join(dir, "release")];
  const persistence = await openPersistence(`sqlite:${dir}/jobs.db`);
  onTestFinished(() => persistence[Symbol.asyncDispose]());
  const params = { file, "hold-at": HOLD_AT, release };
  const cluster: Cluster = {
    persistence,
    agent: (name) => openAgent({ name, dir, boardUrl }),
    post: (agent, jobs) =>
      Promise.all(Array.from({ length: jobs }, () => post(agent, { flow: "ten_steps", params }))),
    effects: () => readEffects(file),
    holding: async (jobs) => {
      const held = (): Set<string> =>
        new Set(
          cluster
            .effects()
            .filter(({ atom }) => atom.endsWith(`step-${HOLD_AT}`))
            .map(({ job }) => job),
        );
      const what = `${jobs} jobs to hold`;
      await until(() => held().size >= jobs, { withinMs: 20_000, what });
    },
    letGo: () => writeFileSync(release, ""),
    ended: async (agent, jobs) => {
      const look = async (): Promise<readonly JobDetailView[] | undefined> => {
        const all = await Promise.all(jobs.map((job) => detail(agent, job)));
        return all.every(({ endedAt }) => endedAt !== undefined) ? all : undefined;
      };
      return until(look, { withinMs: 45_000, everyMs: 100, what: "all jobs to end" });
    },
  };
  return cluster;
}

/** How often each step of each job came to its end: once, unless something ran it again. */
export function endsByJob(effects: readonly Effect[]): ReadonlyMap<string, readonly number[]> {
  const jobs = new Set(effects.map(({ job }) => job));
  return new Map(
    [...jobs].map((job) => {
      const ends = countEnds(effects.filter((effect) => effect.job === job));
      return [job, Array.from({ length: STEPS }, (_, n) => ends.get(`steps/step-${n + 1}`) ?? 0)];
    }),
  );
}

export const EACH_ONCE = Array.from({ length: STEPS }, () => 1);

interface Place {
  readonly name: string;
  readonly dir: string;
  readonly boardUrl: string;
}

async function openAgent({ name, dir, boardUrl }: Place): Promise<Agent> {
  const config = resolveConfig(
    { ...{ name, listen: { host: "127.0.0.1", port: 0 } }, slots: 4, leaseMs: CLUSTER_LEASE_MS },
    { XDG_STATE_HOME: join(dir, "state") },
  );
  const identity = await openIdentity({
    ...{ directory: config.directory, name },
    takeLock: await fileLocks(),
  });
  const agent = await startAgent({
    ...{ config, identity, clock: systemClock, log: pino({ level: "silent" }) },
    persistence: await openPersistence(`sqlite:${dir}/jobs.db`),
    board: await openBoard(boardUrl, { leaseMs: CLUSTER_LEASE_MS }),
    runners: openRunners({ flows: [FLOWS], agent: name, transport: "thread" }).runners,
  });
  onTestFinished(() => agent.stop());
  return agent;
}

async function post(agent: Agent, request: object): Promise<string> {
  const answer = await fetch(`${agent.address}/v1/jobs`, {
    ...{ method: "POST", body: JSON.stringify(request) },
    headers: { "content-type": "application/json" },
  });
  return ((await answer.json()) as JobView).id;
}

async function detail(agent: Agent, job: string): Promise<JobDetailView> {
  const answer = await fetch(`${agent.address}/v1/jobs/${job}`);
  return (await answer.json()) as JobDetailView;
}
