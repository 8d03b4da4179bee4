import type { Schema } from "./schema.js";

export const CANCEL_JOB: Schema = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    revert: { type: "boolean", description: "Whether what ran is reverted.", default: true },
  },
};
