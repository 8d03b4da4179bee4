import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { onTestFinished } from "vitest";
import type { Agent } from "../../agent/agent.js";
import type * as agentModule from "../../agent/agent.js";
import type * as factsModule from "../../facts/facts.js";
import type * as sourcesModule from "../../facts/sources.js";
import type * as machineModule from "../../cluster/machine.js";
import type * as identityModule from "../../agent/identity.js";
import type { Runners } from "../../agent/runner/runner.js";
import type { Membership } from "../../cluster/membership.js";
import { SILENT_POWER } from "../../power/power.js";
import type * as runnersModule from "../../agent/runner/runners.js";
import type * as boardsModule from "../../boards/open.js";
import type * as persistenceModule from "../../persistence/open.js";
import type * as clockModule from "../../cli/clock.js";
import type * as lockModule from "../../sqlite/lock.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import { openPersistence } from "../../persistence/open.js";
import type { Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { countEnds, type Effect, readEffects } from "../../scripts/lab/fleet/effects.js";
import { configIn } from "../support/config.js";
import { tempDir } from "../support/temp.js";

/*
 * Whole agents in one process, on any board, whose jobs note what they do in a file that jobrunner
 * knows nothing of. All jobs wait in step 5 of 10 until they are let go.
 *
 * The agents are the built ones: runners start ten times as fast, and the parts must all be of one
 * kind, since errors are told apart by their class.
 */

async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as T;
}

const { startAgent } = await built<typeof agentModule>("agent/agent.js");
const { createFacts } = await built<typeof factsModule>("facts/facts.js");
const { createSources } = await built<typeof sourcesModule>("facts/sources.js");
const { openMachineMembership } = await built<typeof machineModule>("cluster/machine.js");
const identities = await built<typeof identityModule>("agent/identity.js");
const runners = await built<typeof runnersModule>("agent/runner/runners.js");
const boards = await built<typeof boardsModule>("boards/open.js");
const databases = await built<typeof persistenceModule>("persistence/open.js");
const { systemClock } = await built<typeof clockModule>("cli/clock.js");
const { fileLocks } = await built<typeof lockModule>("sqlite/lock.js");

const FLOWS = join(import.meta.dirname, "..", "e2e", "fixtures", "flows");
const STEPS = 10;
const HOLD_AT = 5;

export interface Cluster {
  readonly persistence: Persistence;
  /** One that was stopped goes on under its name, with what it remembers; default the one board. */
  agent(name: string, board?: string): Promise<Agent>;
  post(agent: Agent, jobs: number): Promise<readonly string[]>;
  effects(): readonly Effect[];
  /** Resolves when so many jobs have come to the step that waits, under so many owners in turn. */
  holding(jobs: number, times?: number): Promise<void>;
  letGo(): void;
  /** Resolves with all of these jobs when they are over. */
  ended(agent: Agent, jobs: readonly string[]): Promise<readonly JobDetailView[]>;
}

export async function openCluster(boardUrl: string, leaseMs: number): Promise<Cluster> {
  const dir = tempDir();
  const [file, release] = [join(dir, "effects"), join(dir, "release")];
  const persistence = await openPersistence(`sqlite:${dir}/jobs.db`);
  onTestFinished(() => persistence[Symbol.asyncDispose]());
  const params = { file, "hold-at": HOLD_AT, release };
  const cluster: Cluster = {
    persistence,
    agent: (name, board = boardUrl) => openAgent({ name, dir, boardUrl: board, leaseMs }),
    post: (agent, jobs) =>
      Promise.all(Array.from({ length: jobs }, () => post(agent, { flow: "ten_steps", params }))),
    effects: () => readEffects(file),
    holding: async (jobs, times = 1) => {
      const held = (): number =>
        cluster
          .effects()
          .filter(({ atom, phase }) => phase === "begin" && atom.endsWith(`step-${HOLD_AT}`))
          .length;
      const what = `${jobs} jobs to hold`;
      await until(() => held() >= jobs * times, { withinMs: 40_000, what });
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

export interface Place {
  readonly name: string;
  readonly dir: string;
  readonly boardUrl: string;
  readonly leaseMs: number;
  /** Default an SQLite file in `dir`. */
  readonly persistenceUrl?: string;
  /** Default one that the agents of `dir` share. */
  readonly membership?: Membership;
  /** Default its own. */
  readonly runners?: Runners;
}

/** Runs flows of the fixtures in a thread. */
export function openRunners(agent: string): Runners {
  return runners.createRunners({ flows: [FLOWS], agent, transport: "thread", clock: systemClock });
}

/** A whole agent in this process, stopped when the test is over. */
export async function openAgent(place: Place): Promise<Agent> {
  const { name, dir, boardUrl, leaseMs, persistenceUrl = `sqlite:${dir}/jobs.db` } = place;
  const config = configIn(dir, { name, slots: "4", lease: `${leaseMs}ms` });
  const identity = await identities.openIdentity({
    ...{ directory: config.directory, name },
    takeLock: await fileLocks(),
  });
  const agent = await startAgent({
    ...{ config, identity, clock: systemClock, log: pino({ level: "silent" }) },
    persistence: await databases.openPersistence(persistenceUrl),
    board: await boards.openBoard(boardUrl, { leaseMs }),
    power: SILENT_POWER,
    membership:
      place.membership ?? openMachineMembership({ directory: config.directory, peers: [] }),
    version: "0.0.0",
    facts: createFacts({ clock: systemClock, agent: name, ...createSources() }),
    runners: place.runners ?? openRunners(name),
  });
  onTestFinished(() => agent.stop());
  return agent;
}

export async function post(agent: Agent, request: object): Promise<string> {
  const answer = await fetch(`${agent.address}/v1/jobs`, {
    ...{ method: "POST", body: JSON.stringify(request) },
    headers: { "content-type": "application/json" },
  });
  if (!answer.ok) throw new Error(`posting was refused: ${await answer.text()}`);
  return ((await answer.json()) as JobView).id;
}

export async function detail(agent: Agent, job: string): Promise<JobDetailView> {
  const answer = await fetch(`${agent.address}/v1/jobs/${job}`);
  return (await answer.json()) as JobDetailView;
}
