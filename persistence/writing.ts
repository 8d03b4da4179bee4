import { isEnded } from "../common/job.js";
import type { Append, NewJob, Ownership } from "./persistence.js";
import { checkSize, toBody, toJson } from "./texts.js";

/*
 * What is written, made ready before any transaction: nothing in here touches a database.
 */

/** A posting with its texts written and measured, so that nothing fails inside the transaction. */
export interface Prepared {
  readonly job: NewJob;
  readonly spec: string;
  readonly params: string;
}

export function prepare(job: NewJob): Prepared {
  return {
    job,
    spec: checkSize(toJson(job.spec, "The flow"), "The flow"),
    params: checkSize(toJson(job.params, "The parameters"), "The parameters"),
  };
}

/** An append with its body written and measured before the transaction. */
export interface Written {
  readonly append: Append;
  readonly body: string;
}

/** How an ownership ended. */
export interface OwnershipEnd {
  readonly job: string;
  readonly token: number;
  readonly ended: NonNullable<Ownership["ended"]>;
}

/** Throws as `toBody` does. */
export function written(append: Append): Written {
  return { append, body: toBody(append.changes) };
}

/** Written with the last entry, so that leaving costs no commit of its own. */
export function howItEnded(append: Append): Ownership["ended"] {
  if (append.changes.some(({ change }) => change === "handover")) return "handover";
  if (append.state === undefined) return undefined;
  return isEnded(append.state) || append.state === "SUSPENDED" ? "outcome" : undefined;
}
