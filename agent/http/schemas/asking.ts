import { REASON_CHARS_MAX } from "../../../common/job.js";
import { JOB } from "./jobs.js";
import { type Answers, COUNT, named, type Schema } from "./schema.js";

/* What people ask of jobs: of their owners, or behind these. */

const REASON = {
  type: "string",
  pattern: `^[^\\u0000-\\u001f\\u007f-\\u009f]{1,${REASON_CHARS_MAX}}$`,
} as const;

export const CANCEL_JOB: Schema = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    revert: { type: "boolean", description: "Whether what ran is reverted.", default: true },
    reason: { ...REASON, description: "Why, for people: kept with the job." },
  },
};

/** Done, or to be done by the job's owner. */
export const ASKED: Answers = { 200: JOB, 202: JOB };

export const RETRY_JOB: Schema = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    from: {
      type: "string",
      description:
        "The atom at which it goes on, with what was done before; default the beginning.",
      pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,256}$",
    },
    params: { type: "object", description: "Parameters that get other values.", default: {} },
  },
};

export const RELEASE_JOB: Schema = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    token: {
      type: "integer",
      description: "Token of the owner it is taken from, as `owners` tells it; default any.",
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
    },
    reason: { ...REASON, description: "For the log." },
  },
};

export const REPRIORITISE_JOB: Schema = {
  type: "object",
  required: ["priority"],
  additionalProperties: false,
  properties: {
    priority: { type: "integer", description: "Higher first.", minimum: -100, maximum: 100 },
  },
};

export const GC: Schema = {
  type: "object",
  required: ["olderThan"],
  additionalProperties: false,
  properties: {
    olderThan: {
      type: "string",
      description: "A duration since the job's end.",
      pattern: "^[0-9a-z.]{1,20}$",
    },
    states: {
      type: "array",
      description: "Only jobs that ended so; default all that are over.",
      items: { enum: ["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"] },
      minItems: 1,
      maxItems: 4,
    },
  },
};

export const GC_DONE: Schema = named("Removed", {
  removed: COUNT,
  more: { type: "boolean", description: "There are more: ask again." },
});
