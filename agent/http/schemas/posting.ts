import { CONTROL_OPTIONS } from "./flow-control.js";
import { DURATION, FLOW_NAME } from "./names.js";
import { NODE, STORE } from "./job-detail.js";
import { JOB, REMOVED_JOB } from "./jobs.js";
import { type Answers, COUNT, named, type Schema, TEXT, TEXTS } from "./schema.js";

/** What may be told of a job beside its flow and its time. */
export const JOB_OPTIONS = {
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
  require: {
    type: "array",
    description: "Further capabilities the agent must have: name or name(arguments).",
    items: { type: "string", minLength: 1, maxLength: 256 },
    maxItems: 32,
  },
  ...CONTROL_OPTIONS,
} as const;

const posting = {
  ...JOB_OPTIONS,
  runAt: {
    type: "string",
    format: "date-time",
    description: "Not before this instant.",
  },
  delay: {
    ...DURATION,
    description: "Not before so long from now, by the database's clock; instead of runAt.",
  },
} as const;

export const POST_JOB: Schema = {
  type: "object",
  required: ["flow"],
  additionalProperties: false,
  properties: { flow: FLOW_NAME, ...posting },
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
      description:
        "The same key and body again give the same job. Those of schedules begin with schedule:.",
      pattern: "^(?!schedule:)[\\u0021-\\u007e]{1,128}$",
    },
    traceparent: {
      type: "string",
      description: "W3C: handed to the tasks of the job. One that is not valid is ignored.",
    },
  },
};

/** Created, or created before with the same key. */
export const POSTED: Answers = { 200: { anyOf: [JOB, REMOVED_JOB] }, 201: JOB };

export const CHECK: Schema = named(
  "Check",
  { flow: TEXT, version: COUNT, params: STORE, needs: TEXTS, tree: NODE },
  { secrets: TEXTS },
);
