import type { EndState } from "../../common/job.js";
import type { Store } from "../../common/json.js";
import type { Bodies } from "../bodies.js";
import type { Plan } from "../compile/node.js";
import type { Change, Entry } from "../journal.js";

export interface EngineOptions {
  readonly plan: Plan;
  /** What the job was posted with: symbols every atom may ask for. */
  readonly store: Store;
  /** The journal so far; empty for a new job. */
  readonly entries: readonly Entry[];
  readonly bodies: Bodies;
  /** Resolves when the changes are durable; the engine has one append in flight at most. */
  append(changes: readonly Change[]): Promise<void>;
  /** Persistence's clock as well as the caller knows it, ms since 1970 (back-off only). */
  now(): number;
  /** 0..1, for jitter. */
  random(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Prefix of idempotency keys: the job's id. */
  readonly job: string;
  /** Atoms running at the same time; default what the flow says. */
  readonly concurrency?: number;
  /** A body's hint how far it is: 0..1 and a note for people. Never stored. */
  progress?(atom: string, fraction: number, note?: string): void;
  readonly plain?: PlainOptions;
}

/** What plain TaskFlow does and agents do not; all false by default. */
export interface PlainOptions {
  /** A flow that has ended is run once more, from PENDING when it was REVERTED. */
  readonly rerun?: boolean;
  /** Retries are asked again about atoms found in FAILURE, although their answer is stored. */
  readonly askAgain?: boolean;
  /** What follows from an outcome is appended apart from it, so that a `leave` between is heard. */
  readonly stepwise?: boolean;
}

export type EngineEnd = { readonly ended: EndState } | { readonly left: "handover" | "suspended" };

export interface Engine {
  /**
   * Runs until the flow ended or was left. Rejects with what `append` rejected with, or with the
   * OWNERSHIP_LOST or RUNNER_DIED of a body; then nothing more is appended and running bodies are
   * aborted.
   */
  run(): Promise<EngineEnd>;
  /**
   * P-22: starts nothing more, aborts interruptible atoms (which stay RUNNING for the next owner),
   * lets the others settle until `grace` aborts; those left stay RUNNING.
   */
  leave(how: "handover" | "suspended", grace: AbortSignal): void;
  /** Aborts what runs, records it, and reverts what ran (or leaves it, with `revert: false`). */
  cancel(revert: boolean): void;
  /** The ownership is over: aborts all bodies, appends nothing more. */
  abort(reason: Error): void;
}
