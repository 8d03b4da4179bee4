import { FLOW_NAME } from "./names.js";
import type { Schema } from "./schema.js";

export const FLOW_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: FLOW_NAME },
};
