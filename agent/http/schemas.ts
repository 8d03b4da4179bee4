import type { Json } from "../../common/json.js";
import { LIMITS } from "./limits.js";

/*
 * JSON Schemas of requests: what validates them and what an OpenAPI document is made of. Bodies are
 * taken as they are: nothing is coerced, nothing unknown is dropped in silence.
 */

export type Schema = Readonly<Record<string, Json>>;

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

const flowName = { type: "string", pattern: "^[A-Za-z][A-Za-z0-9_-]{0,63}$" } as const;
const agentName = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" } as const;
const duration = { type: "string", pattern: "^[0-9a-z.]{1,20}$" } as const;

const posting = {
  params: {
    type: "object",
    description: "The flow's parameters, as its schema asks for them.",
    default: {},
  },
  name: {
    type: "string",
    description: "A label for people; default the flow's name.",
    // No control characters: names are shown in terminals and logs.
    pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,128}$",
  },
  priority: {
    type: "integer",
    description: "Higher first.",
    minimum: -100,
    maximum: 100,
    default: 0,
  },
  runAt: {
    type: "string",
    format: "date-time",
    description: "Not before this instant.",
  },
  require: {
    type: "array",
    description: "Further capabilities the agent must have: name or name(arguments).",
    items: { type: "string", minLength: 1, maxLength: 256 },
    maxItems: 32,
  },
} as const;

export const POST_JOB: Schema = {
  type: "object",
  required: ["flow"],
  additionalProperties: false,
  properties: { flow: flowName, ...posting },
};

/** Body of POST /v1/flows/:name/jobs: the flow is in the path. */
export const POST_FLOW_JOB: Schema = {
  type: "object",
  additionalProperties: false,
  properties: posting,
};

export const POST_HEADERS: Schema = {
  type: "object",
  properties: {
    "idempotency-key": {
      type: "string",
      description: "The same key and body again give the same job.",
      pattern: "^[\\u0021-\\u007e]{1,128}$",
    },
  },
};

export const LIST_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    state: {
      type: "string",
      description: `One or several of ${JOB_STATES.join(", ")}, with commas between.`,
      pattern: "^[A-Z]{1,20}(?:,[A-Z]{1,20}){0,20}$",
    },
    flow: flowName,
    agent: agentName,
    since: { type: "string", format: "date-time", description: "Posted at this time or later." },
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

export const JOB_PARAMS: Schema = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", pattern: "^[0-9A-Fa-f-]{4,36}$" } },
};

export const CANCEL_JOB: Schema = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    revert: { type: "boolean", description: "Whether what ran is reverted.", default: true },
  },
};

export const NO_BODY: Schema = { type: ["object", "null"], additionalProperties: false };

export const JOB_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { wait: { ...duration, description: "Answer when the job is over, or after this." } },
};

export const FLOW_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: flowName },
};

/** `self` is the agent that is asked. */
export const AGENT_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string", pattern: "^[a-z0-9][a-z0-9_.:-]{0,63}$" } },
};

/** `here`: what this agent says alone, without asking the others. */
export const WHY_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { here: { enum: ["true"] } },
};

export const NO_QUERY: Schema = { type: "object", additionalProperties: false, properties: {} };
