import type { JobState } from "../job.js";
import type { Said } from "../log.js";

/** A line that an atom of a job, or one of its commands, wrote. */
export interface LogLineView extends Said {
  /** The place behind it, for `cursor` and `Last-Event-ID`. */
  readonly id: string;
  readonly at: string;
  /** The agent that ran the atom. */
  readonly agent: string;
  /** Number of the ownership, and of the line in it from 1; what is missing was not kept. */
  readonly token: number;
  readonly n: number;
}

export interface LogsView {
  readonly items: readonly LogLineView[];
  /** Set when there are more lines now. */
  readonly nextCursor?: string;
}

/** Data of the event `end`: how the job ended; `gone` when it was removed meanwhile. */
export interface LogsEndView {
  readonly state: JobState | "gone";
}
