import {
  isCancel,
  isEnded,
  isStartable,
  type JobRequest,
  type JobState,
  toSignature,
} from "../../common/job.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer, isEmpty } from "../columns.js";
import { noteHooks } from "../hooks/sqlite.js";
import type { Append, Verdict } from "../persistence.js";
import { toRequest, toState } from "../rows.js";
import { bytesOfTexts } from "../texts.js";
import { howItEnded, type Written } from "../writing.js";
import { endOwnership, raise } from "./ownership.js";

const REFUSED: Verdict = { accepted: false };

/**
 * One append inside a transaction (P-12, P-17). The transaction was begun IMMEDIATE: no raise and
 * no other append can come between the check and the commit (P-13).
 */
export function append(sql: Statements, written: Written, now: number): Verdict {
  const { append } = written;
  if (append.raise !== undefined) raise(sql, append.raise, now); // Judged by the row it leaves.
  const row = sql.get(
    "SELECT token, owner, state, request, resumed_at_token FROM jobs WHERE id = ?",
    append.job,
  );
  if (row === undefined) return REFUSED;
  if (integer(row, "token") !== append.token || row.owner !== append.owner) return REFUSED;
  const state = toState(row);
  const request = toRequest(row);
  const countedFrom = isEmpty(row, "resumed_at_token") ? 0 : integer(row, "resumed_at_token");
  const isNew = isStartable(state) && insert(sql, written, now);
  if (!isNew && !(append.repeated && isThere(sql, written))) return REFUSED;
  if (isStartable(state)) {
    setFlow(sql, written);
    setState(sql, append, { state, request, countedFrom, now });
    const ended = howItEnded(append);
    if (ended !== undefined)
      endOwnership(sql, { job: append.job, token: append.token, ended }, now);
  }
  return request === undefined ? { accepted: true } : { accepted: true, request };
}

/** False when there is an entry of that number already. */
function insert(sql: Statements, { append, body }: Written, now: number): boolean {
  const changed = sql.run(
    `INSERT INTO entries (job, seq, token, owner, at, body, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (job, seq) DO NOTHING`,
    ...[append.job, append.seq, append.token, append.owner, now, body, Buffer.byteLength(body)],
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

/** Beside the entry that says so: the next owner reads the one with the other. */
function setFlow(sql: Statements, { append, flow }: Written): void {
  if (append.flow === undefined || flow === undefined) return;
  const { needs, flowHash } = append.flow;
  sql.run(
    "UPDATE jobs SET version = ?, signature = ?, flow_hash = ?, bytes = ? WHERE id = ?",
    ...[needs.version, toSignature(needs), flowHash, bytesOfTexts(flow), append.job],
  );
  const texts = "UPDATE job_texts SET spec = ?, params = ? WHERE job = ?";
  sql.run(texts, flow.spec, flow.params, append.job);
}

interface Current {
  readonly state: JobState;
  readonly request: JobRequest | undefined;
  /** The token from which on deaths count: no owner up to it has seen the last cancel or resume. */
  readonly countedFrom: number;
  readonly now: number;
}

function setState(sql: Statements, append: Append, current: Current): void {
  const wanted = append.state;
  if (wanted === undefined || wanted === current.state) return;
  const state = stateToSet(wanted, append, current);
  // A cancel outlives being parked: nobody has obeyed it yet.
  const obeyed = isEnded(state) || (state === "SUSPENDED" && !isCancel(current.request));
  const reason = state === "SUSPENDED" ? append.reason : undefined;
  // What whoever cancelled it said stays with it, unless it is parked or ends well after all.
  const keeps = isCancel(current.request) && state !== "SUSPENDED" && state !== "SUCCESS";
  sql.run(
    `UPDATE jobs SET state = ?, reason = CASE WHEN ? THEN reason ELSE ? END,
       request = CASE WHEN ? THEN NULL ELSE request END,
       ended_at = ?, bytes = CASE WHEN ? THEN ${BYTES} ELSE bytes END WHERE id = ?`,
    state,
    keeps ? 1 : 0,
    reason === undefined ? null : JSON.stringify(reason),
    obeyed ? 1 : 0,
    isEnded(state) ? current.now : null,
    isEnded(state) ? 1 : 0,
    append.job,
  );
  // What hooks were to hear of may not be what the job became.
  if (state !== wanted) return;
  noteHooks(sql, { job: append.job, state, now: current.now, hooks: append.hooks });
}

/** What a job takes that ends, for retention; until then the column tells of its texts alone. */
export const BYTES = `jobs.bytes
  + (SELECT coalesce(sum(e.bytes), 0) FROM entries e WHERE e.job = jobs.id)
  + (SELECT coalesce(sum(l.bytes), 0) FROM job_logs l WHERE l.job = jobs.id)`;

/**
 * An owner that suspends obeys a request it saw earlier. Meanwhile somebody may have withdrawn it,
 * or asked to cancel: SUSPENDED would then hold the job for ever, as nobody claims it. For the same
 * reason an owner that never saw the cancel does not park the job; one that began after it may.
 */
function stateToSet(wanted: JobState, append: Append, current: Current): JobState {
  const { request, countedFrom } = current;
  if (wanted !== "SUSPENDED") return wanted;
  if (append.reason !== undefined) {
    return isCancel(request) && append.token <= countedFrom ? "WAITING" : "SUSPENDED";
  }
  return request === "suspend" ? "SUSPENDED" : "WAITING";
}
