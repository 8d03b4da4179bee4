import type { PostRequest } from "../wire.js";

/**
 * What becomes of due times at which no agent could post: `none` skips them, `one` posts one job
 * for all of them, `all` one for each.
 */
export const CATCH_UPS = ["none", "one", "all"] as const;
export type CatchUp = (typeof CATCH_UPS)[number];

/** What a schedule may be called: in small letters, as databases may take a for A. */
export const SCHEDULE_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$";

/** Schedules of a cluster: a look at what is due may read them all. */
export const SCHEDULES_MAX = 1_000;

/** What a schedule posts at each due time: a posting without a time of its own. */
export type ScheduledJob = Omit<PostRequest, "runAt" | "delay">;

/** Body of POST /v1/schedules. */
export interface ScheduleRequest {
  readonly name: string;
  /** Five fields, or @hourly and its like. */
  readonly cron: string;
  /** Name of a time zone; default UTC. */
  readonly tz?: string;
  /** Default `one`. */
  readonly catchUp?: CatchUp;
  readonly job: ScheduledJob;
}

/** One line of the list of schedules. */
export interface ScheduleView {
  readonly name: string;
  readonly id: string;
  readonly flow: string;
  readonly cron: string;
  readonly tz: string;
  readonly catchUp: CatchUp;
  readonly paused: boolean;
  /** When it posts next; missing while it is paused. In the past while no agent could post. */
  readonly dueAt?: string;
  /** The newest due time for which a job was posted, and that job. */
  readonly lastDueAt?: string;
  readonly lastJob?: string;
  /** Why the job that is due could not be posted; agents try again. */
  readonly trouble?: string;
  /** The due times that were skipped last: the first and the last of them. */
  readonly skipped?: { readonly from: string; readonly to: string };
  readonly madeAt: string;
  /** The agent that took it. */
  readonly madeVia: string;
}

export interface SchedulesView {
  readonly items: readonly ScheduleView[];
  readonly nextCursor?: string;
}

/** One schedule, whole. */
export interface ScheduleDetailView extends ScheduleView {
  readonly job: ScheduledJob;
}
