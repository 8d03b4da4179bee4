import { CONTROL_KEY } from "../../../common/wire/flow-control.js";
import { TEXT, TIME } from "./schema.js";

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
} as const;

/** The same as jobs tell it. */
export const CONTROLS = {
  uniqueKey: { ...TEXT, description: "No other job with it is posted while this one is not over." },
  startBy: { ...TIME, description: "Nobody starts it later than that." },
} as const;
