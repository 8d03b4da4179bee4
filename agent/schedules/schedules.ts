import { v7 as uuidv7 } from "uuid";
import { JobrunnerError } from "../../common/error.js";
import { parseDuration } from "../../common/text/duration.js";
import {
  type ScheduleDetailView,
  type ScheduleRequest,
  SCHEDULES_MAX,
  type SchedulesView,
} from "../../common/wire/schedules.js";
import type { Persistence, ScheduleRow } from "../../persistence/persistence.js";
import { hashJson } from "../flow-hash.js";
import type { Jobs } from "../jobs.js";
import { checkTiming } from "./due-times.js";
import { toScheduleDetail, toScheduleView } from "./views.js";

/** What every agent takes and tells about schedules, for the HTTP API. */
export interface Schedules {
  /** In order of names. */
  list(query: ScheduleQuery): Promise<SchedulesView>;
  /** Throws NOT_FOUND, as each of those below. */
  show(name: string): Promise<ScheduleDetailView>;
  /**
   * Durable when it resolves. The same again is the same schedule. Throws CONFLICT when there is
   * another one of that name or there are too many, USAGE for a pattern or a zone that is none, and
   * what posting the job would throw.
   */
  add(request: ScheduleRequest): Promise<{ created: boolean; view: ScheduleDetailView }>;
  /** What comes due while it is paused is skipped. */
  pause(name: string): Promise<ScheduleDetailView>;
  resume(name: string): Promise<ScheduleDetailView>;
  /** The jobs it posted stay. */
  remove(name: string): Promise<void>;
}

export interface ScheduleQuery {
  readonly limit: number;
  /** `nextCursor` of the page before: the last name on it. */
  readonly cursor?: string;
}

export interface SchedulesOptions {
  readonly persistence: Pick<Persistence, "schedules" | "now">;
  readonly jobs: Pick<Jobs, "check">;
  /** Name of this agent. */
  readonly agent: string;
  /** There is a due time that the agent's scheduler does not know of. */
  changed(): void;
}

export function createSchedules(options: SchedulesOptions): Schedules {
  const { persistence, changed } = options;
  const { schedules } = persistence;
  const get = async (name: string): Promise<ScheduleRow> => {
    const row = await schedules.get(name);
    if (row === undefined) throw noSuchSchedule(name);
    return row;
  };
  return {
    async list({ limit, cursor }) {
      const rows = await schedules.list(limit + 1, cursor);
      const items = rows.slice(0, limit).map(toScheduleView);
      const last = rows.length > limit ? items.at(-1)?.name : undefined;
      return { items, ...(last !== undefined && { nextCursor: last }) };
    },
    show: async (name) => toScheduleDetail(await get(name)),
    async add(request) {
      const created = await addSchedule(options, request);
      changed();
      return { created, view: toScheduleDetail(await get(request.name)) };
    },
    async pause(name) {
      await schedules.pause((await get(name)).id);
      return toScheduleDetail(await get(name));
    },
    async resume(name) {
      const row = await get(name);
      await schedules.resume(row.id, checkTiming(row, await persistence.now()));
      changed();
      return toScheduleDetail(await get(name));
    },
    remove: async (name) => schedules.remove((await get(name)).id),
  };
}

async function addSchedule(
  { persistence, jobs, agent }: SchedulesOptions,
  { name, cron, tz = "UTC", catchUp = "one", job }: ScheduleRequest,
): Promise<boolean> {
  const dueAt = checkTiming({ cron, tz }, await persistence.now());
  if (job.startBy !== undefined && parseDuration(job.startBy) === undefined) throw oneDeadline();
  const given = { name, cron, tz, catchUp, job };
  const bodyHash = hashJson(given);
  const known = await persistence.schedules.get(name);
  // What was taken stays taken, also when its flow is gone by now.
  const { secrets } = known === undefined ? await jobs.check(job) : known.job;
  const kept = { ...job, ...(secrets !== undefined && { secrets }) };
  const made = { ...given, job: kept, id: uuidv7(), bodyHash, dueAt, madeVia: agent };
  const added = await persistence.schedules.add(made);
  if (added === "taken") throw taken(name);
  if (added === "full") throw full();
  return added === "added";
}

function noSuchSchedule(name: string): JobrunnerError {
  return new JobrunnerError("NOT_FOUND", `there is no schedule ${name}`, {
    hint: "List them: jobrunner schedule list",
  });
}

function taken(name: string): JobrunnerError {
  return new JobrunnerError("CONFLICT", `there is another schedule ${name}`, {
    hint: `Choose another name, or look at it and delete it: jobrunner schedule show ${name}`,
  });
}

/** Every job after that time would be over before it begins. */
function oneDeadline(): JobrunnerError {
  return new JobrunnerError("USAGE", "startBy of a schedule is a duration, not a time", {
    hint: "Write how long after its due time each job may start: 10m.",
    cause: [{ pointer: "/job/startBy", detail: "is not a duration" }],
  });
}

function full(): JobrunnerError {
  const detail = `there are ${SCHEDULES_MAX} schedules, as many as there may be`;
  return new JobrunnerError("CONFLICT", detail, {
    hint: "Delete some: jobrunner schedule list, jobrunner schedule delete",
  });
}
