import type { Logger } from "pino";
import { hasCode } from "../../common/error.js";
import { parseDuration } from "../../common/text/duration.js";
import type { Due, Persistence, ScheduleRow } from "../../persistence/persistence.js";
import type { Jobs } from "../jobs.js";
import { toTime } from "../jobs/views.js";
import { decide, GRACE_MS, newestDue, settle } from "./decide.js";
import { type DueTimes, dueTimes } from "./due-times.js";

export interface FiringOptions {
  readonly persistence: Pick<Persistence, "schedules" | "postedBefore">;
  readonly jobs: Pick<Jobs, "post">;
  readonly log: Logger;
  readonly metrics: FiringMetrics;
}

/**
 * What became of a due time, for who counts. `caught up`: posted, but so late that the schedule's
 * `catchUp` had a say; `failed`: one try, it is tried again.
 */
export type Fired = "posted" | "caught_up" | "skipped" | "failed";

export interface FiringMetrics {
  scheduleFired(schedule: string, result: Fired, lateMs?: number): void;
}

/** The key of a due time's posting (P-3). */
export function keyOf({ id, dueAt }: Pick<Due, "id" | "dueAt">): string {
  return `schedule:${id}:${dueAt}`;
}

/**
 * Does what is to be done about one due time that has come: posts its job or skips it, and only
 * then moves the due time on. An agent that dies between the two leaves a job under its key, which
 * the next agent finds instead of posting another. False when another agent was faster. Throws what
 * posting throws.
 */
export async function fire(options: FiringOptions, due: Due, now: number): Promise<boolean> {
  const { schedules } = options.persistence;
  const row = await schedules.get(due.name);
  if (row?.id !== due.id || row.dueAt !== due.dueAt) return false;
  const firing = { row, due, times: dueTimes(row), now };
  const { startBy } = row.job;
  const startByMs = startBy === undefined ? undefined : parseDuration(startBy);
  const decision = decide(firing.times, { ...due, catchUp: row.catchUp, now, startByMs });
  if (decision.act === "post") return post(options, firing);
  // What would be skipped may have been posted by an agent that then died.
  const key = keyOf(due);
  const posted = await options.persistence.postedBefore({ key, bodyHash: "" });
  if (posted !== undefined) return advance(options, firing, { job: posted.id });
  const { skipped, dueAt } = decision;
  if (!(await schedules.advance(due.id, due.dueAt, { dueAt, skipped }))) return false;
  const [from, to] = [toTime(skipped.from), toTime(skipped.to)];
  options.log.warn(
    { schedule: due.name, from, to, catchUp: row.catchUp, startBy },
    "due times were missed and are skipped",
  );
  options.metrics.scheduleFired(due.name, "skipped");
  return true;
}

interface Firing {
  readonly row: ScheduleRow;
  readonly due: Due;
  readonly times: DueTimes;
  /** Database time. */
  readonly now: number;
}

async function post(options: FiringOptions, firing: Firing): Promise<boolean> {
  const { row, due, now } = firing;
  // Not what is posted, of which the key keeps a hash: with `one` it is another one after a while.
  const from = row.catchUp === "one" ? newestDue(firing.times, due.dueAt, now) : due.dueAt;
  const { created, view } = await options.jobs.post(row.job, keyOf(due), undefined, from);
  if (created) {
    const dueAt = toTime(due.dueAt);
    options.log.info({ schedule: due.name, dueAt, jobId: view.id }, "a schedule posted its job");
    const lateMs = now - due.dueAt;
    options.metrics.scheduleFired(due.name, lateMs > GRACE_MS ? "caught_up" : "posted", lateMs);
  }
  const postedAt = "postedAt" in view ? Date.parse(view.postedAt) : undefined;
  return advance(options, firing, { job: view.id, postedAt });
}

interface PostedJob {
  readonly job: string;
  readonly postedAt?: number | undefined;
}

async function advance(
  { persistence }: FiringOptions,
  { row, due, times }: Firing,
  { job, postedAt }: PostedJob,
): Promise<boolean> {
  const settled = settle(times, { ...due, catchUp: row.catchUp, postedAt });
  // Patterns that are taken come due for ever; see checkTiming.
  const dueAt = settled.dueAt ?? Number.MAX_SAFE_INTEGER;
  const posted = { dueAt: settled.covered, job };
  return persistence.schedules.advance(due.id, due.dueAt, { dueAt, posted });
}

/** Why the job of a due time cannot be posted, for people. */
export function troubleOf(error: unknown, flow: string): string {
  if (hasCode(error, "UNKNOWN_FLOW")) return `no agent that is up has flow ${flow}`;
  return error instanceof Error ? error.message : String(error);
}
