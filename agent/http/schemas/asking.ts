import { JOB } from "./jobs.js";
import type { Answers, Schema } from "./schema.js";

export const CANCEL_JOB: Schema = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    revert: { type: "boolean", description: "Whether what ran is reverted.", default: true },
  },
};

/** Done, or to be done by the job's owner. */
export const ASKED: Answers = { 200: JOB, 202: JOB };
