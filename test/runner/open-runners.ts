import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { RunnerEvent } from "../../agent/runner/pool.js";
import type { Deadline, JobBodies, RunnerJob, Runners } from "../../agent/runner/runner.js";
import * as source from "../../agent/runner/runners.js";
import { systemClock } from "../../cli/clock.js";
import type * as errors from "../../common/error.js";
import type { Json } from "../../common/json.js";
import type { CallHooks, CallInfo } from "../../engine/bodies.js";

// As it is installed: started from its sources a runner takes ten times as long.
const BUILT = new URL("../../dist/agent/runner/runners.js", import.meta.url);
const built = (await import(BUILT.href)) as typeof source;

const BUILT_ERROR = new URL("../../dist/common/error.js", import.meta.url);
const { JobrunnerError } = (await import(BUILT_ERROR.href)) as typeof errors;

/** As the built agent says it: it knows its errors by their class. */
export function ownershipLost(why: string): Error {
  return new JobrunnerError("OWNERSHIP_LOST", why);
}

/** A flow with a task for each thing that a body may do. */
export const FLOWS = join(import.meta.dirname, "fixtures", "flows");

export interface TestRunners {
  readonly runners: Runners;
  readonly events: readonly RunnerEvent[];
}

export interface TestOptions extends Partial<source.RunnersOptions> {
  /** Runs what is not built, as tests and developers do. */
  readonly fromSource?: boolean;
}

/** Runners of this test's own, gone when it is over. */
export function openRunners(options: TestOptions = {}): TestRunners {
  const opened = create(options);
  onTestFinished(() => opened.runners[Symbol.asyncDispose]());
  return opened;
}

/** Runners that the tests of a chapter share, which is called in its body. */
export function sharedRunners(options: TestOptions = {}): () => TestRunners {
  let opened: TestRunners | undefined;
  beforeAll(() => {
    opened = create(options);
  });
  afterAll(() => opened?.runners[Symbol.asyncDispose]());
  return () => {
    if (opened === undefined) throw new Error("there are runners while tests run");
    return opened;
  };
}

function create({ fromSource, ...options }: TestOptions): TestRunners {
  const events: RunnerEvent[] = [];
  const { createRunners } = fromSource === true ? source : built;
  const runners = createRunners({
    flows: [FLOWS],
    agent: "alpha",
    clock: systemClock,
    notify: (event) => events.push(event),
    ...options,
  });
  return { runners, events };
}

export const FOREVER: Deadline = {
  startMonotonic: Infinity,
  startWall: Infinity,
  abortMonotonic: Infinity,
  abortWall: Infinity,
  endMonotonic: Infinity,
  endWall: Infinity,
};

export interface OpenJob extends Partial<RunnerJob> {
  readonly alone?: boolean;
}

/** The fixture's job, opened; `lines` are those of its log. */
export async function openBodies(
  runners: Runners,
  { alone = false, ...job }: OpenJob = {},
): Promise<{ readonly bodies: JobBodies; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const bodies = await runners.open(
    {
      ...{ job: "job-1", flow: "bodies", version: 3, agent: "alpha" },
      params: { code: "", ms: 0 },
      deadline: () => FOREVER,
      log: ({ atom, text }) => lines.push(`${atom}: ${text}`),
      ...job,
    },
    alone,
  );
  onTestFinished(() => bodies.close());
  return { bodies, lines };
}

/** A call of an atom, the first of its kind unless said otherwise. */
export function call(atom: string, more: Partial<CallInfo> = {}): CallInfo {
  return { atom, args: {}, attempt: 1, again: false, idempotencyKey: "key", ...more };
}

export interface TestHooks extends CallHooks {
  readonly saves: readonly Json[];
  readonly progresses: readonly (readonly [number, string | undefined])[];
  abort(reason: Error): void;
}

export function hooks(): TestHooks {
  const abort = new AbortController();
  const saves: Json[] = [];
  const progresses: (readonly [number, string | undefined])[] = [];
  return {
    saves,
    progresses,
    signal: abort.signal,
    abort: (reason) => abort.abort(reason),
    saved: async (value) => void saves.push(value),
    progress: (fraction, note) => progresses.push([fraction, note]),
  };
}
