import type { JobState } from "../job.js";

/* What holds a job back whatever agents are able to, as the HTTP API takes and tells it. */

/** What a poster may say of it. */
export interface ControlsRequest {
  /** While a job with this key is not over, no other one with it is posted. */
  readonly uniqueKey?: string;
  /** RFC 3339, or a duration from the moment it is due: nobody starts the job later than that. */
  readonly startBy?: string;
  /** At most so many jobs of the key are in progress at once, in the whole cluster. */
  readonly concurrency?: ConcurrencyView;
}

export interface ConcurrencyView {
  readonly key: string;
  readonly limit: number;
}

/** What was said of a job. */
export interface ControlsView {
  readonly uniqueKey?: string;
  /** RFC 3339. */
  readonly startBy?: string;
  readonly concurrency?: ConcurrencyView;
}

/** The job that keeps another one from being posted. */
export interface HolderView {
  readonly id: string;
  readonly state: JobState;
}

/** A slot that a job waits for: all of them are taken. */
export interface WaitsForView extends ConcurrencyView {
  /** Ids of the jobs that have them. */
  readonly taken: readonly string[];
}

/** Jobs of one key in progress. */
export const CONCURRENCY_MAX = 1_000;

/** What keys may be: without spaces, of which databases overlook some. */
export const CONTROL_KEY = "^[\\u0021-\\u007e]{1,128}$";
