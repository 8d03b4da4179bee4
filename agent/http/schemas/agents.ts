import type { Schema } from "./schema.js";

/** `self` is the agent that is asked. */
export const AGENT_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string", pattern: "^[a-z0-9][a-z0-9_.:-]{0,63}$" } },
};
