import { LIMITS } from "../limits.js";
import { AGENT_NAME, DURATION, FLOW_NAME } from "./names.js";
import type { Schema } from "./schema.js";

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
    limit: { type: "integer", minimum: 1, maximum: LIMITS.pageJobs, default: 50 },
    cursor: {
      type: "string",
      description: "`nextCursor` of the page before.",
      pattern: "^[\\u0021-\\u007e]{1,512}$",
    },
  },
};

export const JOB_PARAMS: Schema = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", pattern: "^[0-9A-Fa-f-]{4,36}$" } },
};

export const JOB_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { wait: { ...DURATION, description: "Answer when the job is over, or after this." } },
};

/** `here`: what this agent says alone, without asking the others. */
export const WHY_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { here: { enum: ["true"] } },
};
