import type { FlowSpec } from "./flow.js";

/** A compiled flow. */
export interface Plan {
  readonly spec: FlowSpec;
}
