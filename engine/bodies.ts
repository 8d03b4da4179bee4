import type { Failure } from "../common/failure.js";
import type { Json, Store } from "../common/json.js";
import type { Decision } from "./journal.js";

/** A failure used as a value: what revert gets as `result` when its atom had failed. */
export type Outcome =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly failure: Failure };

/** One past attempt of a retry: the value it handed out and who failed under it. */
export interface Attempt {
  readonly value: Json;
  readonly failures: Readonly<Record<string, Failure>>;
}

/** What every call of a body knows about itself. */
export interface CallInfo {
  readonly atom: string;
  readonly args: Store;
  /** How often the atom's body was started in this attempt of its retry, from 1. */
  readonly attempt: number;
  /** True when an earlier owner started this and did not record how it ended. */
  readonly again: boolean;
  /** The same for every start of the same piece of work, over owners and machines. */
  readonly idempotencyKey: string;
  /** The last value the body saved with `ctx.saved`, if any. */
  readonly saved?: Json;
  readonly timeoutMs?: number;
}

export interface RevertInfo extends CallInfo {
  /** Undefined when the atom was interrupted before its outcome was known. */
  readonly outcome: Outcome | undefined;
  readonly flowFailures: Readonly<Record<string, Failure>>;
}

export interface RetryInfo extends CallInfo {
  readonly history: readonly Attempt[];
}

/** What a decider is asked with. */
export interface VoteInfo {
  readonly decider: string;
  /** The atom about which it is asked. */
  readonly target: string;
  /** Atom -> result of the non-ignored sources of the decider links into the target. */
  readonly results: Store;
}

/** The way back from a running body to its engine. */
export interface CallHooks {
  /** Aborts when the body must stop: ownership lost, time limit, cancel, hand-over. */
  readonly signal: AbortSignal;
  /** Resolves when the value is durable. */
  saved(value: Json): Promise<void>;
  /** 0..1 and a note for people; a hint, not stored. */
  progress(fraction: number, note?: string): void;
}

/**
 * The author's code as the engine calls it, wherever it runs. A rejected promise is the body's
 * failure, with two exceptions that end the engine without a word in the journal: errors with the
 * codes OWNERSHIP_LOST and RUNNER_DIED.
 */
export interface Bodies {
  execute(call: CallInfo, hooks: CallHooks): Promise<Json>;
  revert(call: RevertInfo, hooks: CallHooks): Promise<Json>;
  retryExecute(call: RetryInfo, hooks: CallHooks): Promise<Json>;
  retryRevert(call: RetryInfo & RevertInfo, hooks: CallHooks): Promise<Json>;
  onFailure(call: RetryInfo, hooks: CallHooks): Promise<Decision>;
  decide(vote: VoteInfo, hooks: CallHooks): Promise<boolean>;
  /**
   * Ends at once what the atom's running call started and what may outlive it, such as commands;
   * resolves when it is gone. Absent where nothing of the kind can be.
   */
  kill?(atom: string): Promise<void>;
}
