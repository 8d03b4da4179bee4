import type { Clause, EndState, JobState } from "../../common/job.js";
import type { HookCall } from "../hooks/port.js";

/*
 * What people do to jobs from outside, as persistence takes it. Each is one transaction, and asking
 * again changes nothing more.
 */

/** Who writes to a job that has no owner: the name of the ownership under which it is done. */
export interface Asker {
  readonly owner: string;
  readonly agent: string;
  readonly machine: string;
  /** That are to hear of it, if the job is over with that. */
  readonly hooks?: readonly HookCall[];
}

/**
 * P-24, P-42. `done`: the job is in `state` now, nobody has to do anything but tell the board.
 * `requested`: its owner, or the next one, obeys; when nobody owns it, put it on the board.
 * `conflict`: the job is in a state that excludes it; nothing was changed.
 */
export type Asked =
  | { readonly asked: "done" | "requested" | "conflict"; readonly state: JobState }
  | { readonly asked: "unknown" };

/** Whom a job is taken from. */
export interface Deprived {
  readonly token: number;
  readonly owner: string;
  readonly agent: string;
}

/**
 * P-40. `conflict`: nobody owns it, or, with `owner`, another one than was named.
 */
export type Released =
  | { readonly released: "done"; readonly from: Deprived }
  | { readonly released: "conflict"; readonly state: JobState; readonly owner?: Deprived }
  | { readonly released: "unknown" };

/** P-41. `conflict`: the job is not over. */
export type Removed =
  | { readonly removed: "done" | "unknown" }
  | { readonly removed: "conflict"; readonly state: JobState };

/** Jobs that are over for longer than that. */
export interface Old {
  /** Since their end, ms. */
  readonly ageMs: number;
  /** Default: all of them. */
  readonly states?: readonly EndState[];
}

export interface Purged {
  readonly removed: number;
  /** It has done its share and there is more to remove. */
  readonly more: boolean;
}

/** P-38: ids of the job that this one retries, and of its own retries, the oldest first. */
export interface Retries {
  readonly of?: string;
  readonly by: readonly string[];
}

/** A part of `Persistence`. */
export interface VerbsPort {
  /**
   * P-40: raises the token to nobody, so that whoever owns the job now is refused. With `token`
   * only when that is the owner's.
   */
  release(id: string, token?: number): Promise<Released>;
  /** P-42: of a job that waits. The board has to be told. */
  reprioritise(id: string, priority: number): Promise<Asked>;
  /** P-41: a job that is over, with everything of it; its key says "removed". */
  remove(id: string): Promise<Removed>;
  /** P-41: a bounded number of jobs, in small transactions. Throws CONFLICT for a clock of P-36. */
  removeOld(old: Old): Promise<Purged>;
  retries(id: string): Promise<Retries>;
  /** Those of the job's needs that its poster asked for. */
  required(id: string): Promise<readonly Clause[]>;
}

/** Retries of one job that are told. */
export const RETRIES_MAX = 100;
