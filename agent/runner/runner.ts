import type { Verdict } from "../../capabilities/capability.js";
import type { Clause } from "../../common/job.js";
import type { Json, Store } from "../../common/json.js";
import type { Said } from "../../common/log.js";
import type { ConcurrencyView } from "../../common/wire/flow-control.js";
import type { Bodies } from "../../engine/bodies.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { PlainName } from "../../facts/fact.js";

/** A flow as its plugin declares it. */
export interface FlowInfo {
  readonly name: string;
  readonly version: number;
  /** Older versions whose jobs go on in this one. */
  readonly migrates: readonly number[];
  readonly summary: string;
  /** JSON Schema of the parameters as the poster writes them (before defaults). */
  readonly schema: Readonly<Record<string, Json>>;
  /** The plugin's file. */
  readonly file: string;
}

/** A capability as its plugin declares it; the fields mean what they mean in `Capability`. */
export interface CapabilityInfo {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly needs: readonly PlainName[];
  readonly cost: "cheap" | "dear";
  readonly cacheMs: number;
  readonly limitMs: number;
  readonly exclusive: boolean;
  /** The plugin's file. */
  readonly file: string;
}

/** A question to an author's capability. */
export interface AbleQuestion {
  readonly name: string;
  readonly args: readonly Json[];
  /** Values of the facts it needs, as JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Then the answer is that nobody can tell, ms. */
  readonly limitMs: number;
}

/** Why a plugin, or one of its flows, is not there. */
export interface PluginProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export interface Manifest {
  readonly flows: readonly FlowInfo[];
  readonly capabilities: readonly CapabilityInfo[];
  readonly problems: readonly PluginProblem[];
}

/** A posting after its flow has looked at it. */
export interface Prepared {
  readonly version: number;
  /** With the flow's defaults. */
  readonly params: Store;
  readonly clauses: readonly Clause[];
  readonly spec: FlowSpec;
  readonly concurrency?: ConcurrencyView;
}

/** Until when atoms may start, bodies may run and nobody else may own (D8), on both clocks, ms. */
export interface Deadline {
  readonly startMonotonic: number;
  readonly startWall: number;
  readonly abortMonotonic: number;
  readonly abortWall: number;
  readonly endMonotonic: number;
  readonly endWall: number;
}

export interface RunnerJob {
  readonly job: string;
  readonly flow: string;
  readonly version: number;
  readonly params: Store;
  readonly agent: string;
  readonly traceparent?: string;
  /** Read directly before each call; sent along with it (P-34). */
  deadline(): Deadline;
  /** A line of `ctx.log`, `console` or a command. */
  log(said: Said): void;
}

/** How a job of an older version is to go on in the present one. */
export interface FlowMove {
  readonly version: number;
  readonly params: Store;
  /** Old name of an atom -> new name. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** A flow as it is built for a job; with `move` the job is one of an older version. */
export interface Opened {
  readonly spec: FlowSpec;
  readonly move?: FlowMove;
}

export interface JobBodies extends Bodies, Opened {
  /** Names the runner process that serves this job: part of the owner's name (P-9). */
  readonly runner: string;
  /** P-22: ends at once what the atom's running call started; resolves when it is gone. */
  kill(atom: string): Promise<void>;
  /** Forgets the job; running bodies are aborted. Resolves when their commands are gone. */
  close(): Promise<void>;
}

/**
 * Where authors' code runs: never in the agent's own event loop. The agent knows plugins only
 * through this. A runner that dies rejects its calls with RUNNER_DIED; the next starts another. One
 * that was never ready rejects them with NO_RUNNER: that is not the doing of any job.
 */
export interface Runners extends AsyncDisposable {
  /** Why no runner can be started now; undefined as long as they can be. */
  readonly trouble: string | undefined;
  /** What the plugins declare; starts a runner when none has told it yet. */
  manifest(): Promise<Manifest>;
  /**
   * Validates, fills in defaults, builds. Rejects with UNKNOWN_FLOW, BAD_PARAMETERS (its cause is a
   * list of `{pointer, detail}`) or BAD_FLOW.
   */
  prepare(flow: string, params: Json): Promise<Prepared>;
  /**
   * Builds the job's flow in a runner: a private one when `alone` (after a death, P-25). Rejects
   * with OTHER_VERSION when the flow is neither of the job's version nor migrates from it.
   */
  open(job: RunnerJob, alone: boolean): Promise<JobBodies>;
  /** Asks an author's capability. Rejects with RUNNER_DIED, or with what its code throws. */
  able(question: AbleQuestion): Promise<Verdict>;
  /** Why an author's capability cannot be meant with these arguments; undefined when it can. */
  mistake(capability: string, args: readonly Json[]): Promise<string | undefined>;
  /** Tells every runner the deadlines after a renewal, so that a frozen owner's bodies abort. */
  beat(deadline: Deadline): void;
}
