import { FLOW_NAME } from "./names.js";
import { NODE, STORE } from "./job-detail.js";
import { JOB, REMOVED_JOB } from "./jobs.js";
import { type Answers, COUNT, named, type Schema, TEXT, TEXTS } from "./schema.js";

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
      description: "The same key and body again give the same job.",
      pattern: "^[\\u0021-\\u007e]{1,128}$",
    },
  },
};

/** Created, or created before with the same key. */
export const POSTED: Answers = { 200: { anyOf: [JOB, REMOVED_JOB] }, 201: JOB };

export const CHECK: Schema = named("Check", {
  flow: TEXT,
  version: COUNT,
  params: STORE,
  needs: TEXTS,
  tree: NODE,
});
