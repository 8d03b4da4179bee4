/** Where a line was written: by `ctx.log` or `console`, or by a command of the task. */
export const LOG_STREAMS = ["log", "stdout", "stderr"] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/** What an atom was doing when it wrote a line. */
export const LOG_PHASES = ["execute", "revert"] as const;
export type LogPhase = (typeof LOG_PHASES)[number];

/** A line that a body, or one of its commands, wrote. */
export interface Said {
  readonly atom: string;
  readonly phase: LogPhase;
  readonly stream: LogStream;
  readonly text: string;
}

/** A line of a job's log. */
export interface LogLine extends Said {
  /** Database time as the owner knew it, ms since 1970. */
  readonly at: number;
}

/**
 * A place in a job's log, behind a line: the number of the line's chunk, which rises as chunks are
 * stored, and the line's in its ownership. Not the ownership: one that is over may store late.
 */
export interface LogCursor {
  readonly seq: number;
  readonly n: number;
}
