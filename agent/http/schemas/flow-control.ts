import { CONTROL_KEY } from "../../../common/wire/flow-control.js";
import { TEXT } from "./schema.js";

/** What a poster may say of what holds a job back. */
export const CONTROL_OPTIONS = {
  uniqueKey: {
    type: "string",
    description: "While a job with this key is not over, another posting with it is refused.",
    pattern: CONTROL_KEY,
  },
} as const;

/** The same as jobs tell it. */
export const CONTROLS = {
  uniqueKey: { ...TEXT, description: "No other job with it is posted while this one is not over." },
} as const;
