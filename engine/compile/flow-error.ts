import { JobrunnerError } from "../../common/error.js";

export type FlowProblem =
  /** Two atoms bear one name. */
  | "Duplicate"
  /** A graph's child could get a symbol from several others. */
  | "AmbiguousDependency"
  /** The links of a graph form a circle. */
  | "Cycle"
  /** A link or target names no direct child, or several. */
  | "UnknownChild"
  /** A number, depth or combination that has no meaning. */
  | "BadValue"
  /** An argument that nobody provides. */
  | "MissingDependencies";

/** A flow that cannot run as written. Code BAD_FLOW; the message names flow, atoms and symbols. */
export class FlowError extends JobrunnerError {
  readonly problem: FlowProblem;
  /** The atoms, children, or (MissingDependencies) arguments it is about. */
  readonly names: readonly string[];

  constructor(problem: FlowProblem, message: string, names: readonly string[]) {
    super("BAD_FLOW", message);
    this.problem = problem;
    this.names = names;
  }
}
