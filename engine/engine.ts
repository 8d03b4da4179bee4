import type { Engine, EngineOptions } from "./loop/options.js";
import { FlowRun } from "./loop/run.js";

export type { Engine, EngineEnd, EngineOptions, PlainOptions } from "./loop/options.js";

/**
 * An engine for one ownership of one job. Folds the journal at once and throws BAD_RECORD for one
 * that is not of this flow; starts nothing before `run`.
 */
export function createEngine(options: EngineOptions): Engine {
  return new FlowRun(options);
}
