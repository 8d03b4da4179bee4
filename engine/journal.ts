import type { Failure } from "../common/failure.js";
import type { Json } from "../common/json.js";

export type AtomState =
  | "PENDING"
  | "RUNNING"
  | "SUCCESS"
  | "FAILURE"
  | "REVERTING"
  | "REVERTED"
  | "REVERT_FAILURE"
  | "RETRYING"
  | "IGNORE";

export type FlowState =
  | "PENDING"
  | "RUNNING"
  | "REVERTING"
  | "SUSPENDED"
  | "SUCCESS"
  | "REVERTED"
  | "FAILURE"
  | "CANCELLED";

export type Decision = "RETRY" | "REVERT" | "REVERT_ALL";

/**
 * One fact in a journal. The engine writes changes, folds them with `apply`, and knows nothing of
 * how they are stored. A change that concerns several atoms (ignore, reset) is one change, so no
 * crash can tear it.
 */
export type Change =
  /** An atom enters a state; the value that belongs to the state comes with it. */
  | {
      readonly change: "atom";
      readonly atom: string;
      readonly to: AtomState;
      readonly result?: Json;
      readonly failure?: Failure;
    }
  /** A retry was asked about the failure of `atom` and answered; never asked again. */
  | {
      readonly change: "decision";
      readonly retry: string;
      readonly atom: string;
      readonly decision: Decision;
      /** Why it is REVERT_ALL although nobody said so: the retry's onFailure threw. */
      readonly failure?: Failure;
    }
  /** A decider said no: these atoms do not take part. */
  | { readonly change: "ignore"; readonly atoms: readonly string[] }
  /** A retry starts its scope anew: these atoms are PENDING again. */
  | { readonly change: "reset"; readonly retry: string; readonly atoms: readonly string[] }
  /** A retry waits until then (persistence's clock, ms since 1970) before its next attempt. */
  | { readonly change: "wait"; readonly retry: string; readonly until: number }
  /** A value an atom saved in the middle of its body; handed to the next call of that body. */
  | { readonly change: "saved"; readonly atom: string; readonly value: Json }
  /**
   * A new owner starts the bodies of these atoms once more: it found them RUNNING or REVERTING.
   * No transition; written before the bodies run, so that the journal tells who ran what and how
   * often (attempts in `show`, the count of deaths). Folding it changes no state.
   */
  | { readonly change: "again"; readonly atoms: readonly string[] }
  /**
   * Everything that ran is reverted (or left, with `revert: false`), no retry is asked: somebody
   * wanted it, or, with a failure, the flow's own time was over.
   */
  | { readonly change: "cancel"; readonly revert: boolean; readonly failure?: Failure }
  /**
   * An earlier job had done it, and this one, its retry, goes on from there: SUCCESS without having
   * run here, reverted like all else. `attempts`: of a retry, those it had. Comes before the flow
   * begins.
   */
  | {
      readonly change: "kept";
      readonly atom: string;
      readonly result: Json;
      readonly attempts?: readonly KeptAttempt[];
    }
  /** The flow enters a state; ends are final. */
  | { readonly change: "flow"; readonly to: FlowState }
  /** The owner leaves on purpose; what is RUNNING was settled or is given to the next owner. */
  | { readonly change: "handover" }
  /**
   * From here on the job is one of another version of its flow, and entries before this one bear
   * the older names of these atoms (old name -> new name). Alone in its entry; folding it changes
   * no state.
   */
  | {
      readonly change: "migrated";
      readonly from: number;
      readonly to: number;
      readonly renamed: Readonly<Record<string, string>>;
    };

export interface KeptAttempt {
  readonly value: Json;
  readonly failures: Readonly<Record<string, Failure>>;
}

/** One durable append: its changes became true together. */
export interface Entry {
  /** Dense from 1 for each job. */
  readonly seq: number;
  /** The ownership that wrote it. */
  readonly token: number;
  /** Database time, milliseconds since 1970. */
  readonly at: number;
  readonly changes: readonly Change[];
}
