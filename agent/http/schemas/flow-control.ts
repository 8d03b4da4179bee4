import { CONCURRENCY_MAX, CONTROL_KEY } from "../../../common/wire/flow-control.js";
import { COUNT, shape, TEXT, TEXTS, TIME } from "./schema.js";

/** What a poster may say of what holds a job back. */
export const CONTROL_OPTIONS = {
  uniqueKey: {
    type: "string",
    description: "While a job with this key is not over, another posting with it is refused.",
    pattern: CONTROL_KEY,
  },
  startBy: {
    type: "string",
    description:
      "A time (RFC 3339), or a duration from the moment the job is due: one that no owner has " +
      "started by then ends CANCELLED, with reason.code EXPIRED.",
    pattern: "^[0-9A-Za-z.:+-]{2,40}$",
  },
  concurrency: {
    type: "object",
    description:
      "At most so many jobs of the key are in progress at once, in the whole cluster; another one " +
      "of them waits for its turn.",
    required: ["key", "limit"],
    additionalProperties: false,
    properties: {
      key: { type: "string", pattern: CONTROL_KEY },
      limit: { type: "integer", minimum: 1, maximum: CONCURRENCY_MAX },
    },
  },
} as const;

/** The same as jobs tell it. */
export const CONTROLS = {
  uniqueKey: { ...TEXT, description: "No other job with it is posted while this one is not over." },
  startBy: { ...TIME, description: "Nobody starts it later than that." },
  concurrency: {
    ...shape({ key: TEXT, limit: COUNT }),
    description: "It takes a slot of the key when it starts, of so many.",
  },
} as const;

/** Of a job that found no slot. */
export const WAITS_FOR = {
  ...shape({ key: TEXT, limit: COUNT, taken: TEXTS }),
  description: "All slots of the key are taken, by these jobs.",
} as const;
