import {
  type Clause,
  ENDED,
  type JobRequest,
  type JobState,
  type StateReason,
  parseSignature,
  STARTABLE,
} from "../common/job.js";
import type { Store } from "../common/json.js";
import type { FlowSpec } from "../engine/flow.js";
import type { Change, Entry } from "../engine/journal.js";
import { badColumn, type Columns, integer, isEmpty, json, oneOf, text } from "./columns.js";
import { toControls } from "./flow-control/rows.js";
import {
  type JobRow,
  type JobSummary,
  type OpenJob,
  type OpenState,
  type Ownership,
  OWNERSHIP_ENDS,
} from "./persistence.js";

/*
 * Rows of every dialect, read at the border: what comes out of here is trusted everywhere else.
 */

const STATES: readonly JobState[] = [...STARTABLE, "SUSPENDED", ...ENDED];
const REQUESTS: readonly JobRequest[] = ["cancel", "cancel-no-revert", "suspend"];

/** The columns of `jobs` that `toSummary` reads. */
export const SUMMARY_COLUMNS = [
  "id",
  "signature",
  "flow_hash",
  "name",
  "priority",
  "run_at",
  "posted_via",
  "posted_at",
  "state",
  "token",
  "owner",
  "agent",
  "request",
  "reason",
  "resumed_at_token",
  "ended_at",
  "traceparent",
] as const;

export function toState(row: Columns): JobState {
  return oneOf(row, "state", STATES);
}

export function toRequest(row: Columns): JobRequest | undefined {
  return isEmpty(row, "request") ? undefined : oneOf(row, "request", REQUESTS);
}

export function toSummary(row: Columns): JobSummary {
  const needs = parseSignature(text(row, "signature"));
  if (needs === undefined) throw badColumn(row, "signature", "a signature");
  const request = toRequest(row);
  return {
    id: text(row, "id"),
    needs,
    flowHash: text(row, "flow_hash"),
    name: text(row, "name"),
    priority: integer(row, "priority"),
    postedVia: text(row, "posted_via"),
    postedAt: integer(row, "posted_at"),
    state: toState(row),
    token: integer(row, "token"),
    ...toControls(row),
    ...(isEmpty(row, "run_at") ? {} : { runAt: integer(row, "run_at") }),
    ...(isEmpty(row, "owner") ? {} : { owner: text(row, "owner") }),
    ...(isEmpty(row, "agent") ? {} : { agent: text(row, "agent") }),
    ...(request === undefined ? {} : { request }),
    ...(isEmpty(row, "reason") ? {} : { reason: toReason(row) }),
    ...(isEmpty(row, "ended_at") ? {} : { endedAt: integer(row, "ended_at") }),
    ...(isEmpty(row, "traceparent") ? {} : { traceparent: text(row, "traceparent") }),
    ...(isEmpty(row, "resumed_at_token")
      ? {}
      : { resumedAtToken: integer(row, "resumed_at_token") }),
  };
}

export function toJobRow(row: Columns): JobRow {
  const { agent: _agent, ...summary } = toSummary(row);
  const spec = json(row, "spec");
  if (!isObject(spec) || spec.kind !== "flow") throw badColumn(row, "spec", "a flow");
  const params = json(row, "params");
  if (!isObject(params)) throw badColumn(row, "params", "an object");
  return { ...summary, spec: spec as unknown as FlowSpec, params: params as Store };
}

function toReason(row: Columns): StateReason {
  const reason = json(row, "reason");
  if (!isObject(reason) || typeof reason.code !== "string" || typeof reason.message !== "string") {
    throw badColumn(row, "reason", "a reason");
  }
  return reason as unknown as StateReason;
}

export function toEntry(row: Columns): Entry {
  const changes = json(row, "body");
  if (!Array.isArray(changes) || !changes.every(isChange)) {
    throw badColumn(row, `entry ${integer(row, "seq")}`, "a list of changes");
  }
  return {
    seq: integer(row, "seq"),
    token: integer(row, "token"),
    at: integer(row, "at"),
    changes: changes as readonly Change[],
  };
}

export function toOwnership(row: Columns): Ownership {
  return {
    job: text(row, "job"),
    token: integer(row, "token"),
    owner: text(row, "owner"),
    agent: text(row, "agent"),
    machine: text(row, "machine"),
    at: integer(row, "at"),
    firstSeq: integer(row, "first_seq"),
    ...(isEmpty(row, "ended") ? {} : { ended: oneOf(row, "ended", OWNERSHIP_ENDS) }),
    ...(isEmpty(row, "ended_at") ? {} : { endedAt: integer(row, "ended_at") }),
  };
}

/** `now` is database time, like `run_at`. */
export function toOpenJob(row: Columns, now: number): OpenJob {
  const needs = parseSignature(text(row, "signature"));
  if (needs === undefined) throw badColumn(row, "signature", "a signature");
  return {
    id: text(row, "id"),
    needs,
    priority: integer(row, "priority"),
    dueInMs: isEmpty(row, "run_at") ? 0 : Math.max(0, integer(row, "run_at") - now),
    owned: toState(row) !== "WAITING",
    ...(isExpired(row, now) && { expired: true }),
    ...(row["slot"] === "waits" && { slotKey: text(row, "slot_key") }),
  };
}

function isExpired(row: Columns, now: number): boolean {
  if (toState(row) !== "WAITING" || isEmpty(row, "start_by")) return false;
  return integer(row, "started") === 0 && integer(row, "start_by") <= now;
}

/** Rows of state and number; a state without a row has none. */
export function toCounts(rows: readonly Columns[]): Readonly<Record<OpenState, number>> {
  const counts = { WAITING: 0, RUNNING: 0, REVERTING: 0, SUSPENDED: 0 };
  for (const row of rows) {
    counts[oneOf(row, "state", [...STARTABLE, "SUSPENDED"])] = integer(row, "jobs");
  }
  return counts;
}

/** The key under which people's abbreviated ids are found by their end. */
export function idTail(id: string): string {
  return [...id.slice(-12)].reverse().join("");
}

function isChange(value: unknown): boolean {
  return isObject(value) && typeof value.change === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Of the column `clauses`. */
export function toClauses(row: Columns): readonly Clause[] {
  const clauses = json(row, "clauses");
  const fits = (value: unknown): boolean =>
    isObject(value) && typeof value.name === "string" && Array.isArray(value.args);
  if (!Array.isArray(clauses) || !clauses.every(fits)) {
    throw badColumn(row, "clauses", "a list of clauses");
  }
  return clauses as unknown as readonly Clause[];
}
