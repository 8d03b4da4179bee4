import type { FlowDefinition } from "../../../sdk/define-flow.js";
import type { Assembled } from "../../../sdk/node.js";
import type { Store } from "../../../common/json.js";
import type { Opened } from "../runner.js";

/** What of a job decides how its flow is built. */
export interface FlowJob {
  readonly version: number;
  readonly params: Store;
}

export interface OpenedFlow {
  readonly assembled: Assembled;
  /** What the agent is told. */
  readonly opened: Opened;
}

/** Builds a flow for a job, of its own version or of one that it migrates from. */
export function openFlow(flow: FlowDefinition, job: FlowJob): OpenedFlow {
  if (flow.version === job.version) {
    const assembled = flow.assemble(job.params);
    return { assembled, opened: { spec: assembled.spec } };
  }
  const { params, renamed } = flow.migrate(job.version, job.params);
  const assembled = flow.assemble(params);
  const move = { version: flow.version, params, renamed };
  return { assembled, opened: { spec: assembled.spec, move } };
}
