import { WAITS_FOR } from "./flow-control.js";
import { JOB_PROPERTIES, JOB_SOMETIMES } from "./jobs.js";
import { again, ANY, COUNT, list, named, type Schema, shape, TEXT, TEXTS, TIME } from "./schema.js";

/** Named values of a flow, whatever JSON they are. */
export const STORE = { type: "object", additionalProperties: ANY } as const;

export const FAILURE: Schema = named(
  "Failure",
  { name: TEXT, message: TEXT },
  { stack: TEXT, code: TEXT, data: ANY, cause: again("Failure") },
);

const ATTEMPT = named(
  "Attempt",
  { state: TEXT, agent: TEXT, startedAt: TIME },
  { endedAt: TIME, failure: FAILURE },
);

/** A flow with children, or an atom with its attempts. */
export const NODE: Schema = named(
  "Node",
  { kind: { type: "string", enum: ["flow", "task", "retry"] }, name: TEXT },
  {
    pattern: { type: "string", enum: ["linear", "unordered", "graph"] },
    detail: TEXT,
    state: TEXT,
    attempts: list(ATTEMPT),
    result: ANY,
    kept: { type: "boolean", description: "The job that it is a retry of had done it." },
    progress: shape({ fraction: { type: "number" }, at: TIME }, { note: TEXT }),
    children: list(again("Node")),
    links: list(shape({ from: COUNT, to: COUNT }, { decider: TEXT })),
  },
);

const OWNER = named(
  "Owner",
  { token: COUNT, agent: TEXT, machine: TEXT, since: TIME },
  { until: TIME, ended: TEXT },
);

export const JOB_DETAIL: Schema = named(
  "JobDetail",
  {
    ...JOB_PROPERTIES,
    params: STORE,
    needs: TEXTS,
    owners: list(OWNER),
    tree: NODE,
    failures: list(shape({ atom: TEXT, failure: FAILURE })),
  },
  {
    ...JOB_SOMETIMES,
    outputs: STORE,
    waitsFor: WAITS_FOR,
    retryOf: { ...TEXT, description: "The job that this one is a retry of." },
    retriedBy: { ...TEXTS, description: "Its own retries, the oldest first." },
  },
);
