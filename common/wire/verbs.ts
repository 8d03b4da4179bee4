import type { Store } from "../json.js";

/* What the HTTP API takes and tells about retrying, releasing, reprioritising and removing jobs. */

/** Body of POST /v1/jobs/:id/retry. */
export interface RetryRequest {
  /** The atom at which it goes on; without it from the beginning. */
  readonly from?: string;
  /** Parameters that get other values. */
  readonly params?: Store;
}

/** Whose retry a job is, and its own. */
export interface RetriesView {
  readonly retryOf?: string;
  /** Ids, the oldest first. */
  readonly retriedBy?: readonly string[];
}

/** Body of POST /v1/jobs/:id/release. */
export interface ReleaseRequest {
  /** Token of the owner it is to be taken from, as `owners` tells it; without it from any. */
  readonly token?: number;
  /** For the log. */
  readonly reason?: string;
}

/** Body of POST /v1/jobs/:id/reprioritise. */
export interface ReprioritiseRequest {
  readonly priority: number;
}

/** Body of POST /v1/jobs:gc. */
export interface GcRequest {
  /** A duration since the end: 30d. */
  readonly olderThan: string;
  /** Only jobs that ended so; default all. */
  readonly states?: readonly string[];
}

export interface GcView {
  readonly removed: number;
  /** There are more: ask again. */
  readonly more: boolean;
}
