import type { Json, Store } from "../../common/json.js";
import type { Attempt, CallInfo, Outcome, RetryInfo, RevertInfo } from "../bodies.js";
import { type AtomRecord, copyOf, type State } from "../state.js";

/** What a body is told about the call; `again` when an earlier owner may have begun it. */
export interface Occasion {
  readonly job: string;
  readonly args: Store;
  readonly again: boolean;
}

export function executeInfo(record: AtomRecord, occasion: Occasion): CallInfo {
  return info(record, occasion, "execute");
}

export function revertInfo(state: State, record: AtomRecord, occasion: Occasion): RevertInfo {
  return {
    ...info(record, occasion, "revert"),
    outcome: outcomeOf(record),
    flowFailures: state.failures.all,
  };
}

export function retryInfo(record: AtomRecord, occasion: Occasion): RetryInfo {
  const what = `attempt-${record.history.length + 1}`;
  return { ...info(record, occasion, what), history: historyOf(record) };
}

/** A retry is asked what is to follow its last attempt. */
export function questionInfo(record: AtomRecord, occasion: Occasion): RetryInfo {
  const what = `on-failure-${record.history.length}`;
  return { ...info(record, occasion, what), history: historyOf(record) };
}

export function retryRevertInfo(
  state: State,
  record: AtomRecord,
  occasion: Occasion,
): RetryInfo & RevertInfo {
  return { ...revertInfo(state, record, occasion), history: historyOf(record) };
}

/** A copy: the record's own grows on. */
export function historyOf(record: AtomRecord): readonly Attempt[] {
  return record.history.map(copyOf);
}

function info(record: AtomRecord, { job, args, again }: Occasion, what: string): CallInfo {
  const { atom, starts, round, saved } = record;
  const timeoutMs = atom.spec.kind === "task" ? atom.spec.timeoutMs : undefined;
  return {
    atom: atom.name,
    args,
    attempt: starts,
    again,
    // The name comes last: it may hold anything, and still no two pieces of work share a key.
    idempotencyKey: `${job}/${round}/${what}/${atom.name}`,
    ...(saved !== undefined && { saved }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** Undefined when nobody knows how execute ended. */
function outcomeOf(record: AtomRecord): Outcome | undefined {
  if (record.failed && record.failure !== undefined) return { ok: false, failure: record.failure };
  const value: Json | undefined = record.result;
  return value === undefined ? undefined : { ok: true, value };
}
