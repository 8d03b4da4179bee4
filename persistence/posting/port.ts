import type { Clause, JobState, Needs } from "../../common/job.js";
import type { Store } from "../../common/json.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { Change } from "../../engine/journal.js";
import type { Controls } from "../flow-control/port.js";
import type { Asker } from "../persistence.js";

/** A job as it is posted; written once. */
export interface NewJob extends Controls {
  /** UUIDv7, made by the poster before its first try. */
  readonly id: string;
  readonly needs: Needs;
  /** The flow as it was built at posting: what is compiled, drawn, and resumed. */
  readonly spec: FlowSpec;
  /** Hash of `spec`: an owner whose own build differs refuses, it never resumes wrongly. */
  readonly flowHash: string;
  /** A label for people; default the flow's name. */
  readonly name: string;
  readonly params: Store;
  /** Higher first, -100..100. */
  readonly priority: number;
  /** Not before this instant, database time, ms since 1970. */
  readonly runAt?: number;
  /** Name of the agent that took the posting. */
  readonly postedVia: string;
  /** Where its posting stands in the poster's trace (W3C). */
  readonly traceparent?: string;
  readonly key?: { readonly key: string; readonly bodyHash: string };
  /** Those of `needs` that the poster asked for, beside what the flow needs. */
  readonly required?: readonly Clause[];
  /** P-38: the job it is a retry of; P-39: what it keeps of it, and in whose name that is written. */
  readonly retry?: { readonly of: string; readonly kept?: Kept };
}

export interface Kept {
  readonly changes: readonly Change[];
  readonly by: Asker;
}

/**
 * P-1. `removed`: the key's job is gone by retention; the id is never used again. `conflict`: the
 * key was used for another request, for that job. `spent`: that job has what was to be kept (P-39).
 * `held`: that job has the unique key and is not over (P-43).
 */
export type Posted =
  | { readonly posted: "created" | "existed" | "removed"; readonly id: string }
  | { readonly posted: "conflict" | "spent"; readonly id: string }
  | { readonly posted: "held"; readonly id: string; readonly state: JobState };
