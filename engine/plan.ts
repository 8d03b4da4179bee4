import { buildPlan } from "./compile/build.js";
import type { Plan } from "./compile/node.js";
import type { FlowSpec } from "./flow.js";

export { FlowError, type FlowProblem } from "./compile/flow-error.js";
export { type AtomNode, isAtom, type Plan, type PlanNode } from "./compile/node.js";
export { validate } from "./compile/validate.js";

/** Checks and compiles a flow. Rejects it with a FlowError (BAD_FLOW). */
export function compile(spec: FlowSpec): Plan {
  return buildPlan(spec);
}
