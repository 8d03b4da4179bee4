import { isEnded } from "../common/job.js";
import type { Append, NewJob, OwnershipEnd } from "./persistence.js";
import { type FlowTexts, toBody, toFlowTexts } from "./texts.js";
import { wordsOf } from "./words.js";

/*
 * What is written, made ready before any transaction: nothing in here touches a database.
 */

/** A posting with its texts written and measured, so that nothing fails inside the transaction. */
export interface Prepared extends FlowTexts {
  readonly job: NewJob;
  readonly words: readonly string[];
}

export function prepare(job: NewJob): Prepared {
  return { job, words: wordsOf(job.name, job.needs.flow), ...toFlowTexts(job) };
}

/** An append with its body written and measured before the transaction. */
export interface Written {
  readonly append: Append;
  readonly body: string;
  /** The texts of `append.flow`. */
  readonly flow?: FlowTexts;
}

export interface EndedOwnership {
  readonly job: string;
  readonly token: number;
  readonly ended: OwnershipEnd;
}

/** Throws TOO_LARGE or NOT_JSON for what can never be stored. */
export function written(append: Append): Written {
  const body = toBody(append.changes);
  return append.flow === undefined
    ? { append, body }
    : { append, body, flow: toFlowTexts(append.flow) };
}

/** Written with the last entry, so that leaving costs no commit of its own. */
export function howItEnded(append: Append): OwnershipEnd | undefined {
  const left = append.changes.some(({ change }) => change === "handover" || change === "migrated");
  if (left) return "handover";
  if (append.state === undefined) return undefined;
  if (append.state === "SUSPENDED") return append.reason === undefined ? "suspended" : "parked";
  return isEnded(append.state) ? "outcome" : undefined;
}
