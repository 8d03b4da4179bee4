import type { JobState } from "../job.js";

/* What holds a job back whatever agents are able to, as the HTTP API takes and tells it. */

/** What a poster may say of it. */
export interface ControlsRequest {
  /** While a job with this key is not over, no other one with it is posted. */
  readonly uniqueKey?: string;
  /** RFC 3339, or a duration from the moment it is due: nobody starts the job later than that. */
  readonly startBy?: string;
}

/** What was said of a job. */
export interface ControlsView {
  readonly uniqueKey?: string;
  /** RFC 3339. */
  readonly startBy?: string;
}

/** The job that keeps another one from being posted. */
export interface HolderView {
  readonly id: string;
  readonly state: JobState;
}

/** What keys may be: without spaces, of which databases overlook some. */
export const CONTROL_KEY = "^[\\u0021-\\u007e]{1,128}$";
