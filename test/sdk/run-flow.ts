import type { Json } from "../../common/json.js";
import type { EngineEnd } from "../../engine/engine.js";
import type { Change } from "../../engine/journal.js";
import type { FlowDefinition } from "../../sdk/define-flow.js";
import { type FlowResult, testFlow } from "../../sdk/testing/index.js";

export interface FlowRun extends FlowResult<unknown, unknown> {
  readonly end: EngineEnd;
  readonly changes: readonly Change[];
}

/** Runs a flow in this process and in memory; its result, and the journal's facts in a row. */
export async function runFlow(flow: FlowDefinition, params: Json = {}): Promise<FlowRun> {
  const result = await testFlow(flow, params);
  const changes = result.journal.flatMap((entry) => entry.changes);
  return { ...result, end: { ended: result.state }, changes };
}
