import type { Json } from "../common/json.js";

/*
 * A flow as plain data: what is compiled, drawn and hashed. Bodies (execute, revert, deciders,
 * onFailure) are code of the flow's author; they live elsewhere and are called by atom name.
 * The words are OpenStack TaskFlow's.
 */

/** Symbols a result is stored under: the whole, its positions, or its keys. */
export type Provides = string | readonly string[] | { readonly keys: readonly string[] };

/** Arguments that revert has for itself; they must have a value before execute may start. */
export interface RevertArguments {
  readonly requires: readonly string[];
  readonly rebind?: Readonly<Record<string, string>>;
}

export interface TaskSpec {
  readonly kind: "task";
  /** Unique in the whole flow: the atom's identity in the journal. */
  readonly name: string;
  /** Argument names that must have a value; the symbol has the same name unless rebound. */
  readonly requires?: readonly string[];
  /** Argument names left out when nobody provides the symbol. */
  readonly optional?: readonly string[];
  /** Symbols of optional arguments that order all the same: whoever provides one comes before. */
  readonly follows?: readonly string[];
  /** Argument name -> symbol, for execute and revert alike. */
  readonly rebind?: Readonly<Record<string, string>>;
  /** Symbol -> value seen by this task only; wins over everything. */
  readonly inject?: Readonly<Record<string, Json>>;
  readonly provides?: Provides;
  /** False when there is nothing to undo: the atom goes REVERTED without a call. */
  readonly reverts?: boolean;
  /** What revert gets besides its result: the arguments of execute (default), its own, or none. */
  readonly revertArgs?: "same" | "none" | RevertArguments;
  /** Among atoms that are ready together the higher starts first; default 0. */
  readonly priority?: number;
  /** Limit for one call of execute or revert, milliseconds. */
  readonly timeoutMs?: number;
  /** True when abort-and-run-again is its normal way to move, such as a server. */
  readonly interruptible?: boolean;
}

export type RetryController =
  | { readonly type: "times"; readonly attempts: number; readonly revertAll?: boolean }
  | { readonly type: "forEach"; readonly values: readonly Json[]; readonly revertAll?: boolean }
  /** `values` is the argument name that holds the list; default "values". */
  | {
      readonly type: "parameterizedForEach";
      readonly values?: string;
      readonly revertAll?: boolean;
    }
  | { readonly type: "alwaysRevert" }
  | { readonly type: "alwaysRevertAll" }
  /** The author's own: execute and onFailure are bodies. */
  | { readonly type: "custom" };

export interface Backoff {
  /** Delay before the second attempt, milliseconds. */
  readonly delayMs: number;
  /** Factor from one delay to the next; default 1. */
  readonly factor?: number;
  /** Longest delay, milliseconds. */
  readonly maxMs?: number;
  /** Up to this share of the delay is added at random, 0..1; default 0. */
  readonly jitter?: number;
}

export interface RetrySpec {
  readonly kind: "retry";
  /** Default `<flow name>_retry`. */
  readonly name?: string;
  readonly controller: RetryController;
  readonly requires?: readonly string[];
  readonly optional?: readonly string[];
  readonly follows?: readonly string[];
  readonly rebind?: Readonly<Record<string, string>>;
  readonly inject?: Readonly<Record<string, Json>>;
  readonly provides?: Provides;
  /** True when the author's own retry has a revert body. */
  readonly reverts?: boolean;
  readonly backoff?: Backoff;
}

/** How far a decider's "no" reaches, from the widest to the narrowest. */
export const DEPTHS = ["ALL", "FLOW", "NEIGHBORS", "ATOM"] as const;
export type Depth = (typeof DEPTHS)[number];

/** An explicit edge of a graph flow, between two direct children. */
export interface LinkSpec {
  readonly from: string;
  readonly to: string;
  /** Name of a decider body; without one the link only orders. */
  readonly decider?: string;
  /** How far a decider's "no" reaches; default ALL. */
  readonly depth?: Depth;
  /**
   * True: a "no" about a flow skips all of it, and `depth` counts from its end. False (default, as
   * in TaskFlow): it counts from the first atom inside.
   */
  readonly whole?: boolean;
}

export interface FlowSpec {
  readonly kind: "flow";
  readonly name: string;
  readonly pattern: "linear" | "unordered" | "graph";
  readonly children: readonly (TaskSpec | FlowSpec)[];
  readonly retry?: RetrySpec;
  /** Graph only. */
  readonly links?: readonly LinkSpec[];
  /** Graph only: this child and its predecessors take part, the others do not. */
  readonly target?: string;
  /**
   * Outermost flow only. Parameters whose values are shown to nobody.
   */
  readonly secrets?: readonly string[];
  /**
   * Outermost flow only. True: a retry that gives up hands the failure to the retry around it, and
   * without one everything is reverted. False (default, as in TaskFlow): its own flow and what
   * follows it are reverted, what ran before stays.
   */
  readonly deferReverts?: boolean;
  /** Outermost flow only. True: a failure stops the flow; nothing is retried or reverted. */
  readonly neverResolve?: boolean;
  /** Outermost flow only: atoms that may run at the same time; default no limit. */
  readonly concurrency?: number;
  /**
   * Outermost flow only: how long it may run, milliseconds, over all its owners; while it is
   * suspended no time passes. Then what runs is aborted, no retry is asked, and all is reverted.
   */
  readonly timeoutMs?: number;
}
