import { v7 as uuidv7 } from "uuid";
import { PROTOCOL } from "../../common/job.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { NewJob } from "../../persistence/persistence.js";

/** A posting of a flow with one task, as an agent would store it. */
export function newJob(more: Partial<NewJob> = {}): NewJob {
  const spec: FlowSpec = {
    kind: "flow",
    name: "one",
    pattern: "linear",
    children: [{ kind: "task", name: "a" }],
  };
  return {
    id: uuidv7(),
    needs: { protocol: PROTOCOL, flow: "one", version: 1, clauses: [] },
    spec,
    flowHash: "hash",
    name: "one",
    params: {},
    priority: 0,
    postedVia: "alpha",
    ...more,
  };
}
