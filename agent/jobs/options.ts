import type { Logger } from "pino";
import type { JobBoard } from "../../boards/board.js";
import type { Clock } from "../../common/clock.js";
import { JobrunnerError } from "../../common/error.js";
import type { Persistence } from "../../persistence/persistence.js";
import type { ProgressBook } from "../progress.js";
import type { Runners } from "../runner/runner.js";

export interface JobsOptions {
  readonly persistence: Persistence;
  readonly board: JobBoard;
  readonly runners: Runners;
  /** Name of this agent. */
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the jobs that run on this agent. */
  readonly progress: Pick<ProgressBook, "of">;
  /** A posted job did not reach the board: it is durable, and the sweep puts it there. */
  onPutFailed(): void;
}

/** Milliseconds since 1970 of an RFC 3339 time. Throws USAGE naming the field. */
export function toInstant(text: string, pointer: string): number {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new JobrunnerError("USAGE", `${pointer} is not a time`, {
    hint: "Write it as 2027-01-31T18:00:00Z.",
    cause: [{ pointer, detail: "is not a time" }],
  });
}
