import type { JobState } from "../../common/job.js";

/** A hook that is to hear of a job's state; written in the transaction that writes the state. */
export interface HookCall {
  /** Made by who writes, never used twice: what is written again is no second call. */
  readonly id: string;
  /** Which hook: agents with the same one in their settings name it alike. */
  readonly hook: string;
}

/** A call whose turn it is. */
export interface TakenCall extends HookCall {
  readonly job: string;
  readonly state: JobState;
  /** When the job entered that state, database time. */
  readonly at: number;
  /** How often it was taken, this time included. */
  readonly tries: number;
}

export interface TakenCalls {
  /** Database time. */
  readonly now: number;
  /** The oldest first. */
  readonly calls: readonly TakenCall[];
  /** Until the next of the others is due, ms; undefined when there is none. */
  readonly nextInMs?: number;
}

export interface Taking {
  /** Only of these. */
  readonly hooks: readonly string[];
  readonly limit: number;
  /** For so long nobody else is given what this one takes. */
  readonly leaseMs: number;
}

export interface Forsaking {
  /** Of any but these. */
  readonly hooks: readonly string[];
  /** Due for longer than this, and not taken. */
  readonly overdueMs: number;
  readonly limit: number;
}

/**
 * Calls of hooks that are not done. Each is made at least once: who dies before it said `done`
 * leaves it to whoever takes it after the lease.
 */
export interface HookStore {
  /** What is due. Only reads where nothing is. */
  take(taking: Taking): Promise<TakenCalls>;
  /** It is forgotten; no error when it is unknown. */
  done(id: string): Promise<void>;
  /** It failed: again after so long. */
  later(id: string, inMs: number): Promise<void>;
  /** Forgets calls that nobody takes any more, and tells which. Only reads where there are none. */
  forsake(forsaking: Forsaking): Promise<readonly TakenCall[]>;
}
