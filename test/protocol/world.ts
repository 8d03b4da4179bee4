import pino from "pino";
import { onTestFinished } from "vitest";
import { type Claim, type Claims, createClaims } from "../../agent/claims.js";
import { flowHash } from "../../agent/flow-hash.js";
import type { Told } from "../../agent/events/telling/told.js";
import { execute } from "../../agent/owner/execute.js";
import { LogBook } from "../../agent/logs/book.js";
import { JobControl } from "../../agent/owner/job-control.js";
import { openFlow } from "../../agent/runner/host/opening.js";
import { Metrics } from "../../agent/metrics/metrics.js";
import { ProgressBook } from "../../agent/jobs/progress.js";
import type { JobBodies, Runners } from "../../agent/runner/runner.js";
import type { JobBoard } from "../../boards/board.js";
import { openBoard } from "../../boards/open.js";
import { JobrunnerError } from "../../common/error.js";
import { toSignature } from "../../common/job.js";
import type { Json } from "../../common/json.js";
import type { CallHooks } from "../../engine/bodies.js";
import type { FlowSpec } from "../../engine/flow.js";
import { createCommitter } from "../../persistence/committer.js";
import { openPersistence } from "../../persistence/open.js";
import type { NewJob, Persistence } from "../../persistence/persistence.js";
import type { FlowDefinition } from "../../sdk/define-flow.js";
import { FakeClock } from "../support/fake-clock.js";
import { newJob } from "../contracts/samples.js";
import { tempDir } from "../support/temp.js";

/*
 * A small cluster in one process: real persistence and a real board in a file, real claims, owners
 * and engines; time moves when told, and the bodies are the test's own.
 */

export const LEASE_MS = 10_000;

/** `<atom>` or `<atom> revert` -> what its body does; a missing one returns null. */
export type Script = Readonly<Record<string, (hooks: CallHooks) => Json | Promise<Json>>>;

/** What an agent has for itself, as in a process of its own; default what the world has. */
export interface Own {
  readonly persistence?: Persistence;
  readonly board?: JobBoard;
}

export interface WorldOptions extends Own {
  readonly clock?: FakeClock;
}

export interface World {
  readonly clock: FakeClock;
  readonly persistence: Persistence;
  readonly board: JobBoard;
  /** The board in use, as the sweep found it. */
  boardId: string;
  readonly progress: ProgressBook;
  /** What bodies were called, in order, by any agent: `alpha: a`, `beta: a revert`. */
  readonly calls: string[];
  /** What any agent told, in order. */
  readonly told: (Told & { readonly agent: string })[];
  post(more?: Partial<NewJob>): Promise<NewJob>;
  /** With `flow` it builds that one, as a runner does; else each job as it was posted. */
  agent(name: string, script?: Script, flow?: FlowDefinition, own?: Own): WorldAgent;
  claimable(): Promise<readonly string[]>;
}

export interface WorldAgent {
  readonly claims: Claims;
  /** Aborting it is SIGTERM. */
  readonly leaving: AbortController;
  readonly control: JobControl;
  /** How often it found that the cluster uses another board (P-30). */
  doubts: number;
  /** Takes a claim that must be there. */
  claim(job: string): Promise<Claim>;
  /** One claim from P-5 to its release. */
  execute(claim: Claim): Promise<void>;
  /** Both. */
  work(job: string): Promise<void>;
}

/** A flow of tasks in a row. */
export function linear(...names: readonly string[]): FlowSpec {
  const children = names.map((name) => ({ kind: "task", name }) as const);
  return { kind: "flow", name: "flow", pattern: "linear", children };
}

/** What is given is used instead of what lies in a file of the world's. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { board: given, clock = new FakeClock() } = options;
  const file = `sqlite:${tempDir()}/jobs.db`;
  const { persistence = await openPersistence(file, { now: () => clock.now() }) } = options;
  const inFile = { leaseMs: LEASE_MS, clock: { now: () => clock.monotonic(), era: "test" } };
  const board = given ?? (await openBoard(file, inFile));
  onTestFinished(async () => {
    await board[Symbol.asyncDispose]();
    await persistence[Symbol.asyncDispose]();
  });
  const { id: boardId } = await board.identity();
  await persistence.setBoardId(undefined, boardId);
  const world: World = {
    ...{ clock, persistence, board, boardId },
    progress: new ProgressBook(),
    calls: [],
    told: [],
    post: (more) => post(world, more),
    agent: (name, script = {}, flow, own = {}) => openAgent(world, name, { script, flow, ...own }),
    claimable: async () => {
      const { signatures } = await board.survey();
      return (await board.candidates(signatures, 100)).map(({ id }) => id);
    },
  };
  return world;
}

async function post({ persistence, board }: World, more: Partial<NewJob> = {}): Promise<NewJob> {
  const spec = more.spec ?? linear("a", "b", "c");
  const job = newJob({ spec, flowHash: flowHash(spec), ...more });
  await persistence.post(job);
  const { id, priority } = job;
  await board.put([{ id, signature: toSignature(job.needs), priority, delayMs: 0 }]);
  return job;
}

interface Code extends Own {
  readonly script: Script;
  readonly flow: FlowDefinition | undefined;
}

function openAgent(world: World, name: string, code: Code): WorldAgent {
  const { clock } = world;
  const { board = world.board, persistence = world.persistence } = code;
  const log = pino({ level: "silent" });
  const claims = createClaims({
    ...{ board, clock, log },
    incarnation: name,
    renewed: () => undefined,
  });
  const committer = createCommitter(persistence);
  const leaving = new AbortController();
  const control = new JobControl();
  onTestFinished(async () => {
    await claims[Symbol.asyncDispose]();
    await committer[Symbol.asyncDispose]();
  });
  const options = {
    ...{ board, claims, persistence, committer, clock, log },
    runners: scripted(world, name, code),
    progress: world.progress,
    metrics: new Metrics(),
    logs: new LogBook({
      ...{ persistence, clock, log, agent: name, bytesPerJob: 1024 ** 2 },
      ...{ now: () => clock.now(), stored: () => undefined },
    }),
    identity: { agent: name, machine: `machine-${name}`, incarnation: name },
    boardId: () => world.boardId,
    boardDiffers: () => void (agent.doubts += 1),
    databaseNow: () => clock.now(),
    persistenceDown: () => undefined,
    tell: (event: Told) => void world.told.push({ agent: name, ...event }),
    leaving: leaving.signal,
    grace: new AbortController().signal,
  };
  const agent: WorldAgent = {
    ...{ claims, leaving, control, doubts: 0 },
    claim: async (job) => {
      const claim = await claims.claim(job);
      if (claim === undefined) throw new Error(`${name} could not claim ${job}`);
      return claim;
    },
    execute: (claim) => execute(claim, control, options),
    work: async (job) => agent.execute(await agent.claim(job)),
  };
  return agent;
}

/** Bodies from the test's table. */
function scripted({ persistence, calls }: World, agent: string, { script, flow }: Code): Runners {
  const call = async (name: string, hooks: CallHooks): Promise<Json> => {
    calls.push(`${agent}: ${name}`);
    return (await script[name]?.(hooks)) ?? null;
  };
  const refuse = (): Promise<never> => Promise.reject(new JobrunnerError("INTERNAL", "not used"));
  return {
    trouble: undefined,
    manifest: refuse,
    prepare: refuse,
    able: refuse,
    mistake: refuse,
    beat: () => undefined,
    open: async ({ job, version, params }): Promise<JobBodies> => {
      const row = await persistence.job(job);
      if (row === undefined) throw new Error(`${job} is gone`);
      await script["build"]?.(NO_HOOKS);
      return {
        ...(flow === undefined ? { spec: row.spec } : openFlow(flow, { version, params }).opened),
        runner: "scripted",
        execute: ({ atom }, hooks) => call(atom, hooks),
        revert: ({ atom }, hooks) => call(`${atom} revert`, hooks),
        retryExecute: refuse,
        retryRevert: refuse,
        onFailure: refuse,
        decide: refuse,
        kill: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const NO_HOOKS: CallHooks = {
  signal: new AbortController().signal,
  saved: () => Promise.resolve(),
  progress: () => undefined,
};

/** A body that waits until the test lets it go, or until its signal aborts. */
export function gate(): {
  readonly entered: Promise<void>;
  readonly open: (value?: Json) => void;
  readonly body: (hooks: CallHooks) => Promise<Json>;
} {
  let enter: () => void = () => undefined;
  let open: (value?: Json) => void = () => undefined;
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const opened = new Promise<Json>((resolve) => {
    open = (value = null) => resolve(value);
  });
  const body = async ({ signal }: CallHooks): Promise<Json> => {
    enter();
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    return Promise.race([opened, aborted]);
  };
  return { entered, open: (value) => open(value), body };
}
