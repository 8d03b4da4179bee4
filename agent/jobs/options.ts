import type { Logger } from "pino";
import type { JobBoard } from "../../boards/board.js";
import type { Registry } from "../../capabilities/capability.js";
import type { Clock } from "../../common/clock.js";
import { JobrunnerError } from "../../common/error.js";
import type { JobRequest, Needs } from "../../common/job.js";
import { parseDuration } from "../../common/text/duration.js";
import type { AgentWhyView } from "../../common/wire.js";
import type { Persistence } from "../../persistence/persistence.js";
import type { HookBook } from "../hooks/book.js";
import type { OwnerIdentity } from "../owner/ownership.js";
import type { Tell } from "../events/telling/told.js";
import type { ProgressBook } from "./progress.js";
import type { Runners } from "../runner/runner.js";

export interface JobsOptions {
  readonly persistence: Persistence;
  readonly board: JobBoard;
  readonly runners: Runners;
  /** Capabilities a posting may ask for. */
  readonly capabilities: Registry;
  /** Whether this agent could take a job with these needs now. */
  why(needs: Needs): Promise<AgentWhyView>;
  readonly identity: OwnerIdentity;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the jobs that run on this agent. */
  readonly progress: Pick<ProgressBook, "of">;
  /** Says what happens, for people who follow it. */
  readonly tell: Tell;
  /** What is to hear of jobs that end. */
  readonly hooks?: HookBook;
  /** A posted job did not reach the board: it is durable, and the sweep puts it there. */
  onPutFailed(): void;
  /** Something is asked of a job that may run here: its owner need not wait to read of it (P-24). */
  requested(job: string, request: JobRequest): void;
}

/** What it takes to write about a job that exists and to tell the board. */
export type TellingOptions = Omit<
  JobsOptions,
  "runners" | "clock" | "capabilities" | "why" | "progress"
>;

/** Milliseconds since 1970 of an RFC 3339 time. Throws USAGE naming the field. */
export function toInstant(text: string, pointer: string): number {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new JobrunnerError("USAGE", `${pointer} is not a time`, {
    hint: "Write it as 2027-01-31T18:00:00Z.",
    cause: [{ pointer, detail: "is not a time" }],
  });
}

/** Milliseconds of a duration. Throws USAGE naming the field. */
export function toLength(text: string, pointer: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new JobrunnerError("USAGE", `${pointer} is not a duration`, {
    hint: "Write it as 10m or 1h30m.",
    cause: [{ pointer, detail: "is not a duration" }],
  });
}
