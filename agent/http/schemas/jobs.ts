import { FIELDS } from "../fields.js";
import { LIMITS } from "../limits.js";
import { CONTROLS } from "./flow-control.js";
import { AGENT_NAME, DURATION, FLOW_NAME } from "./names.js";
import { itemOf, list, named, type Schema, TEXT, TEXTS, TIME } from "./schema.js";

/** Job states a list may be filtered by. */
export const JOB_STATES = [
  "SCHEDULED",
  "WAITING",
  "RUNNING",
  "REVERTING",
  "SUSPENDED",
  "SUCCESS",
  "REVERTED",
  "FAILURE",
  "CANCELLED",
] as const;

export const LIST_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    state: {
      type: "string",
      description: `One or several of ${JOB_STATES.join(", ")}, with commas between.`,
      pattern: "^[A-Z]{1,20}(?:,[A-Z]{1,20}){0,20}$",
    },
    flow: FLOW_NAME,
    agent: AGENT_NAME,
    since: { type: "string", format: "date-time", description: "Posted at this time or later." },
    fields: FIELDS,
    q: {
      type: "string",
      description: "Words, all of which are in the name or the flow, whatever their case.",
      maxLength: LIMITS.search,
    },
    limit: { type: "integer", minimum: 1, maximum: LIMITS.pageJobs, default: 50 },
    cursor: {
      type: "string",
      description: "`nextCursor` of the page before.",
      pattern: "^[\\u0021-\\u007e]{1,512}$",
    },
  },
};

const ID = "^[0-9A-Fa-f-]{4,36}$";

export const JOB_PARAMS: Schema = {
  type: "object",
  required: ["id"],
  properties: {
    id: {
      type: "string",
      description: "A job's id, or at least 4 characters of its beginning or end.",
      pattern: ID,
    },
  },
};

/** For what cannot be taken back: a part of an id is answered as the id of no job. */
export const WHOLE_JOB_PARAMS: Schema = {
  ...JOB_PARAMS,
  properties: { id: { type: "string", description: "A job's whole id.", pattern: ID } },
};

export const JOB_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { wait: { ...DURATION, description: "Answer when the job is over, or after this." } },
};

export const JOB_PROPERTIES = {
  id: { type: "string", format: "uuid" },
  flow: TEXT,
  version: { type: "integer", minimum: 1 },
  name: TEXT,
  state: { type: "string", enum: JOB_STATES },
  priority: { type: "integer" },
  postedAt: TIME,
  postedVia: { ...TEXT, description: "The agent that took the posting." },
} as const;

export const JOB_SOMETIMES = {
  agent: { ...TEXT, description: "The agent that owns it, or owned it last." },
  request: { type: "string", enum: ["cancel", "cancel-no-revert", "suspend"] },
  reason: named(
    "StateReason",
    {
      code: {
        type: "string",
        enum: ["POISON", "FLOW_CHANGED", "BAD_RECORD", "EXPIRED", "CANCELLED"],
      },
      message: TEXT,
    },
    { details: TEXTS },
  ),
  traceparent: { ...TEXT, description: "W3C: where its posting stands in the poster's trace." },
  runAt: TIME,
  endedAt: TIME,
  ...CONTROLS,
} as const;

export const JOB: Schema = named("Job", JOB_PROPERTIES, JOB_SOMETIMES);

/** Of a job of which there is no more: retention has removed it. */
export const REMOVED_JOB: Schema = named("RemovedJob", { id: JOB_PROPERTIES.id, removed: TEXT });

export const JOB_ITEM: Schema = itemOf(JOB, "id");

export const JOBS: Schema = named("Jobs", { items: list(JOB_ITEM) }, { nextCursor: TEXT });
