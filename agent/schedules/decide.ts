import type { CatchUp } from "../../common/wire/schedules.js";
import type { Skipped } from "../../persistence/persistence.js";
import type { DueTimes } from "./due-times.js";

/**
 * A due time that was missed by more than this is skipped by `none`, ms. Patterns go by the minute,
 * so that at most one is ever younger.
 */
export const GRACE_MS = 60_000;
/** Jobs that `all` posts for what was missed; the oldest due times beyond are dropped. */
export const CAUGHT_UP_MAX = 100;

/** What is to be done about a due time that has come. */
export type Decision =
  | { readonly act: "post" }
  /** Nothing is posted for these; the next one is `dueAt`. */
  | { readonly act: "skip"; readonly skipped: Skipped; readonly dueAt: number };

export interface Missed {
  readonly catchUp: CatchUp;
  /** The oldest due time that is not done with. */
  readonly dueAt: number;
  /** Database time. */
  readonly now: number;
  /** P-44: how long after its due time a job may start; without end when nobody says so, ms. */
  readonly startByMs?: number | undefined;
}

/** Whether the oldest due time is posted for, or skipped together with some behind it. */
export function decide(times: DueTimes, missed: Missed): Decision {
  const { dueAt } = missed;
  const keep = Math.max(oldestWanted(times, missed), oldestInTime(times, missed));
  return dueAt >= keep ? { act: "post" } : skipTo(times, dueAt, keep);
}

/** The policy posts for nothing that came due before this. */
function oldestWanted(times: DueTimes, { catchUp, dueAt, now }: Missed): number {
  switch (catchUp) {
    case "one":
      return dueAt;
    case "none":
      return now - GRACE_MS;
    case "all":
      return times.before(now + 1, CAUGHT_UP_MAX)[0] ?? dueAt;
  }
}

/**
 * The jobs of due times before this would be over before they begin. One job for all that was
 * missed is in time as long as that of the newest is.
 */
function oldestInTime(times: DueTimes, { catchUp, dueAt, now, startByMs }: Missed): number {
  if (startByMs === undefined) return dueAt;
  const inTime = now - startByMs + 1;
  const newest = newestDue(times, dueAt, now);
  return catchUp === "one" && newest >= inTime ? dueAt : inTime;
}

/** The newest due time that has come: `dueAt` itself, or one behind it. */
export function newestDue(times: DueTimes, dueAt: number, now: number): number {
  return Math.max(dueAt, times.before(now + 1, 1)[0] ?? dueAt);
}

/** Skips what is due before `keep`. */
function skipTo(times: DueTimes, dueAt: number, keep: number): Decision {
  const next = times.after(keep - 1) ?? keep;
  const last = times.before(next, 1)[0] ?? dueAt;
  return { act: "skip", skipped: { from: dueAt, to: last }, dueAt: next };
}

export interface Posted {
  readonly catchUp: CatchUp;
  /** The due time that was posted for. */
  readonly dueAt: number;
  /** When the job was posted, whoever did it; undefined when nobody knows any more. */
  readonly postedAt: number | undefined;
}

export interface Settled {
  /** The newest due time that the job is for. */
  readonly covered: number;
  /** The next one. */
  readonly dueAt: number | undefined;
}

/**
 * What a posted job settles. One job for all that was missed is for what had come due when it was
 * posted, and not for what has come since: whoever finds it there, and the due time not moved on,
 * comes to the same end as the agent that posted it and died.
 */
export function settle(times: DueTimes, { catchUp, dueAt, postedAt }: Posted): Settled {
  const until = catchUp === "one" ? Math.max(dueAt, postedAt ?? dueAt) : dueAt;
  return { covered: newestDue(times, dueAt, until), dueAt: times.after(until) };
}
