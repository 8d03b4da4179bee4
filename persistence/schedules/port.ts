import type { CatchUp, ScheduledJob } from "../../common/wire/schedules.js";

/** What is posted, and which of its parameters are shown to nobody. */
export type KeptPosting = ScheduledJob & { readonly secrets?: readonly string[] };

/** A schedule as it is made; it never changes. */
export interface NewSchedule {
  /** UUIDv7: the keys of its postings are made of it, so a later one of that name has others. */
  readonly id: string;
  readonly name: string;
  readonly cron: string;
  readonly tz: string;
  readonly catchUp: CatchUp;
  readonly job: KeptPosting;
  /** Of all of the above but the id: the same again is no other schedule. */
  readonly bodyHash: string;
  /** The first due time, database time, ms since 1970. */
  readonly dueAt: number;
  /** Name of the agent that took it. */
  readonly madeVia: string;
}

/** Without its large part. */
export interface ScheduleSummary extends Omit<NewSchedule, "job" | "bodyHash" | "dueAt"> {
  readonly flow: string;
  /** The oldest due time that is not done with; undefined while it is paused. */
  readonly dueAt?: number;
  /** The newest due time that was posted for, and the job. */
  readonly last?: { readonly dueAt: number; readonly job: string };
  readonly skipped?: Skipped;
  readonly trouble?: string;
  readonly madeAt: number;
}

export interface ScheduleRow extends ScheduleSummary {
  readonly job: KeptPosting;
}

/** The first and the last of due times that nothing was posted for. */
export interface Skipped {
  readonly from: number;
  readonly to: number;
}

/**
 * `taken`: there is another schedule of that name. `full`: there are as many as there may be.
 */
export type Added = "added" | "existed" | "taken" | "full";

/** A schedule one of whose due times has come. */
export interface Due {
  readonly id: string;
  readonly name: string;
  readonly dueAt: number;
}

export interface DueSchedules {
  /** Database time. */
  readonly now: number;
  /** The oldest first. */
  readonly due: readonly Due[];
  /** When the next one of the others comes due. */
  readonly nextAt?: number;
}

/** What was done about a due time, and the next one. */
export interface Step {
  readonly dueAt: number;
  /** A job was posted; that ends any trouble. */
  readonly posted?: { readonly dueAt: number; readonly job: string };
  readonly skipped?: Skipped;
}

/**
 * Schedules, and what is due. Nobody owns one: any agent posts what is due, under a key made of id
 * and due time (P-3), and only then moves the due time on. Both may be done by several at once.
 */
export interface ScheduleStore {
  /** The same schedule again exists: its id does not count. */
  add(schedule: NewSchedule): Promise<Added>;
  get(name: string): Promise<ScheduleRow | undefined>;
  /** In order of names, behind `after`. */
  list(limit: number, after?: string): Promise<readonly ScheduleSummary[]>;
  /** One look in an index: where nothing is due it costs the same for one schedule and for all. */
  due(): Promise<DueSchedules>;
  /** Compare and set: false, and nothing is written, when the oldest due time is no longer `seen`. */
  advance(id: string, seen: number, step: Step): Promise<boolean>;
  /** Says why the job of that due time cannot be posted, as long as it has not been. */
  complain(id: string, seen: number, trouble: string): Promise<void>;
  /** Without due times until it is resumed. Never an error when it is gone, or paused already. */
  pause(id: string): Promise<void>;
  /** The same for one that is not paused. */
  resume(id: string, dueAt: number): Promise<void>;
  /** The jobs it posted stay. */
  remove(id: string): Promise<void>;
}
