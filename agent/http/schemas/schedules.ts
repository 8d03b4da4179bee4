import { CATCH_UPS } from "../../../common/wire/schedules.js";
import { FIELDS } from "../fields.js";
import { LIMITS } from "../limits.js";
import { FLOW_NAME, SCHEDULE_NAME } from "./names.js";
import { JOB_OPTIONS } from "./posting.js";
import { JOB_PROPERTIES } from "./jobs.js";
import { itemOf, list, named, type Schema, shape, TEXT, TIME } from "./schema.js";

export const SCHEDULE_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: { ...SCHEDULE_NAME, description: "Name of a schedule." } },
};

export const SCHEDULES_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    fields: FIELDS,
    limit: { type: "integer", minimum: 1, maximum: LIMITS.pageJobs, default: 50 },
    cursor: { ...SCHEDULE_NAME, description: "`nextCursor` of the page before." },
  },
};

const CATCH_UP = {
  type: "string",
  enum: CATCH_UPS,
  description:
    "What becomes of due times at which no agent could post: none skips them, one posts one job " +
    "for all of them, all one for each.",
} as const;

const SCHEDULED_JOB = {
  type: "object",
  description: "What is posted, as POST /v1/jobs takes it.",
  required: ["flow"],
  additionalProperties: false,
  properties: { flow: FLOW_NAME, ...JOB_OPTIONS },
} as const;

export const ADD_SCHEDULE: Schema = {
  type: "object",
  required: ["name", "cron", "job"],
  additionalProperties: false,
  properties: {
    name: SCHEDULE_NAME,
    cron: {
      type: "string",
      description: "Minute, hour, day, month and weekday; or @hourly, @daily and their like.",
      // No control characters: patterns are shown in terminals and logs.
      pattern: "^[\\u0020-\\u007e]{1,128}$",
    },
    tz: {
      type: "string",
      description: "The time zone whose clocks the pattern means.",
      pattern: "^[A-Za-z0-9_+/-]{1,64}$",
      default: "UTC",
    },
    catchUp: { ...CATCH_UP, default: "one" },
    job: SCHEDULED_JOB,
  },
};

const SCHEDULE_PROPERTIES = {
  name: TEXT,
  id: JOB_PROPERTIES.id,
  flow: TEXT,
  cron: TEXT,
  tz: TEXT,
  catchUp: CATCH_UP,
  paused: { type: "boolean" },
  madeAt: TIME,
  madeVia: { ...TEXT, description: "The agent that took it." },
} as const;

const SCHEDULE_SOMETIMES = {
  dueAt: { ...TIME, description: "When it posts next; in the past while no agent could." },
  lastDueAt: { ...TIME, description: "The newest due time for which a job was posted." },
  lastJob: { ...JOB_PROPERTIES.id, description: "That job." },
  trouble: { ...TEXT, description: "Why the job that is due could not be posted." },
  skipped: {
    ...shape({ from: TIME, to: TIME }),
    description: "The due times that were skipped last: the first and the last of them.",
  },
} as const;

const SCHEDULE_ITEM_WHOLE: Schema = named("Schedule", SCHEDULE_PROPERTIES, SCHEDULE_SOMETIMES);

export const SCHEDULE_ITEM: Schema = itemOf(SCHEDULE_ITEM_WHOLE, "name");

export const SCHEDULES: Schema = named(
  "Schedules",
  { items: list(SCHEDULE_ITEM) },
  { nextCursor: TEXT },
);

export const SCHEDULE: Schema = named(
  "Schedule",
  { ...SCHEDULE_PROPERTIES, job: SCHEDULED_JOB },
  SCHEDULE_SOMETIMES,
);
