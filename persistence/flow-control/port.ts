import type { Needs } from "../../common/job.js";
import type { Asker } from "../verbs/port.js";

/** What holds a job back, as it was posted. */
export interface Controls {
  /** P-43: no other job with it is posted while this one is not over. */
  readonly uniqueKey?: string;
  /** P-44: no owner starts it after that, database time, ms since 1970. */
  readonly startBy?: number;
  /** P-45 */
  readonly concurrency?: Concurrency;
}

/** A job with it takes a slot of the key when it starts, and frees it when it is over. */
export interface Concurrency {
  readonly key: string;
  /** It does not start while so many jobs have one. */
  readonly limit: number;
}

/**
 * `refused`: as P-7 refuses any job. `expired`: nobody had started it in time (P-44). `full`: there
 * is no slot for it now (P-45).
 */
export type Raised =
  | { readonly raised: "owned"; readonly token: number }
  | { readonly raised: "refused" | "expired" | "full" };

/** The slots of a key. */
export interface Slots {
  /** Jobs that have one, the oldest first. */
  readonly held: readonly string[];
  /** Jobs that are due and wait for one of these that are free by their limit, the next one first. */
  readonly waiting: readonly SlotWaiter[];
}

export interface SlotWaiter {
  readonly id: string;
  readonly needs: Needs;
  readonly priority: number;
  readonly limit: number;
}

/** A part of `Persistence`. */
export interface ControlsPort {
  /**
   * P-44: ends a job that nobody has started in time, in the name of `by`, whose owner is used
   * once; tells whether this call did.
   */
  expire(id: string, by: Asker): Promise<boolean>;
  /**
   * P-45: of a job that this ownership has suspended and of which nothing ran: its slot is free,
   * and whoever goes on with it needs one again. Nothing changes when the job has gone on since.
   */
  giveBackSlot(id: string, owner: string): Promise<void>;
  /** P-45: at most so many of those that wait. */
  slots(key: string, waitingMax: number): Promise<Slots>;
}
