import { isEnded, isStartable, type JobRequest, type JobState } from "../../common/job.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer } from "../columns.js";
import type { Append, OwnershipEnd, Verdict } from "../persistence.js";
import { toRequest, toState } from "../rows.js";
import { endOwnership, raise } from "./ownership.js";

/** An append with its body written and measured before the transaction. */
export interface Written {
  readonly append: Append;
  readonly body: string;
}

const REFUSED: Verdict = { accepted: false };

/**
 * One append inside a transaction (P-12, P-17). The transaction was begun IMMEDIATE: no raise and
 * no other append can come between the check and the commit (P-13).
 */
export function append(sql: Statements, { append, body }: Written, now: number): Verdict {
  if (append.raise !== undefined) raise(sql, append.raise, now); // Judged by the row it leaves.
  const row = sql.get("SELECT token, owner, state, request FROM jobs WHERE id = ?", append.job);
  if (row === undefined) return REFUSED;
  if (integer(row, "token") !== append.token || row.owner !== append.owner) return REFUSED;
  const state = toState(row);
  const request = toRequest(row);
  const written = { append, body };
  const isNew = isStartable(state) && insert(sql, written, now);
  if (!isNew && !(append.repeated && isThere(sql, written))) return REFUSED;
  if (isStartable(state)) {
    setState(sql, append, { state, request, now });
    const ended = howItEnded(append);
    if (ended !== undefined)
      endOwnership(sql, { job: append.job, token: append.token, ended }, now);
  }
  return request === undefined ? { accepted: true } : { accepted: true, request };
}

/** False when there is an entry of that number already. */
function insert(sql: Statements, { append, body }: Written, now: number): boolean {
  const changed = sql.run(
    `INSERT INTO entries (job, seq, token, owner, at, body) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (job, seq) DO NOTHING`,
    ...[append.job, append.seq, append.token, append.owner, now, body],
  );
  return changed === 1;
}

/**
 * An entry that is there is a repeated one whose answer was lost (P-19). In a first try it would
 * mean that the journal went on behind the owner's back: the owner has to load again.
 */
function isThere(sql: Statements, { append, body }: Written): boolean {
  const entry = sql.get(
    "SELECT token, owner, body FROM entries WHERE job = ? AND seq = ?",
    ...[append.job, append.seq],
  );
  if (entry === undefined || entry.owner !== append.owner) return false;
  return integer(entry, "token") === append.token && entry.body === body;
}

interface Current {
  readonly state: JobState;
  readonly request: JobRequest | undefined;
  readonly now: number;
}

function setState(sql: Statements, append: Append, current: Current): void {
  const wanted = append.state;
  if (wanted === undefined || wanted === current.state) return;
  const state = stateToSet(wanted, append, current.request);
  const settled = isEnded(state) || state === "SUSPENDED";
  sql.run(
    `UPDATE jobs SET state = ?, reason = ?, request = CASE WHEN ? THEN NULL ELSE request END,
       ended_at = ? WHERE id = ?`,
    state,
    append.reason === undefined ? null : JSON.stringify(append.reason),
    settled ? 1 : 0,
    isEnded(state) ? current.now : null,
    append.job,
  );
}

/**
 * An owner that suspends obeys a request it saw earlier. Meanwhile somebody may have withdrawn it,
 * or asked to cancel: SUSPENDED would then hold the job for ever, as nobody claims it.
 */
function stateToSet(wanted: JobState, append: Append, request: JobRequest | undefined): JobState {
  if (wanted !== "SUSPENDED" || append.reason !== undefined) return wanted;
  return request === "suspend" ? "SUSPENDED" : "WAITING";
}

/** Written with the last entry, so that leaving costs no commit of its own. */
function howItEnded(append: Append): OwnershipEnd | undefined {
  if (append.changes.some(({ change }) => change === "handover")) return "handover";
  if (append.state === undefined) return undefined;
  if (append.state === "SUSPENDED") return append.reason === undefined ? "suspended" : "parked";
  return isEnded(append.state) ? "outcome" : undefined;
}
