import { FlowError } from "../../../engine/plan.js";

/** What is wrong with a flow; throws when nothing is. */
export function problem(work: () => unknown): FlowError {
  try {
    work();
  } catch (error) {
    if (error instanceof FlowError) return error;
    throw error;
  }
  throw new Error("nothing was wrong with it");
}
