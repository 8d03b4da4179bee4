import { isEnded, type StateReason } from "../common/job.js";
import type { Append, Asker, NewJob, OwnershipEnd } from "./persistence.js";
import { checkSize, type FlowTexts, toBody, toFlowTexts } from "./texts.js";
import { wordsOf } from "./words.js";

/*
 * What is written, made ready before any transaction: nothing in here touches a database.
 */

/** Of the entry that is written with a posting: not 0, which says that there is no entry (P-11). */
export const KEPT_TOKEN = 1;

/** A posting with its texts written and measured, so that nothing fails inside the transaction. */
export interface Prepared extends FlowTexts {
  readonly job: NewJob;
  /** The first entry of a job that keeps results of an earlier one (P-39). */
  readonly kept?: { readonly body: string; readonly by: Asker };
  /** Of the clauses that the poster asked for. */
  readonly required?: string;
  readonly words: readonly string[];
}

/** Throws TOO_LARGE or NOT_JSON for what can never be stored. */
export function prepare(job: NewJob): Prepared {
  const { required = [] } = job;
  const kept = job.retry?.kept;
  const body = kept === undefined ? "" : checkSize(toBody(kept.changes), "What is kept");
  return {
    job,
    words: wordsOf(job.name, job.needs.flow),
    ...toFlowTexts(job),
    ...(kept !== undefined && { kept: { body, by: kept.by } }),
    ...(required.length > 0 && { required: JSON.stringify(required) }),
  };
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

/** What whoever cancels a job says, as its row keeps it. */
export function toCancelReason(message: string | undefined): { readonly reason?: StateReason } {
  return message === undefined ? {} : { reason: { code: "CANCELLED", message } };
}

/** Written with the last entry, so that leaving costs no commit of its own. */
export function howItEnded(append: Append): OwnershipEnd | undefined {
  const left = append.changes.some(({ change }) => change === "handover" || change === "migrated");
  if (left) return "handover";
  if (append.state === undefined) return undefined;
  if (append.state === "SUSPENDED") return append.reason === undefined ? "suspended" : "parked";
  return isEnded(append.state) ? "outcome" : undefined;
}
