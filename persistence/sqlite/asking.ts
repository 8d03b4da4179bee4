import {
  isCancel,
  isEnded,
  type JobRequest,
  type JobState,
  type StateReason,
} from "../../common/job.js";
import type { Change } from "../../engine/journal.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer } from "../columns.js";
import { type Heard, noteHooks } from "../hooks/sqlite.js";
import type { Asker } from "../persistence.js";
import type { Asked } from "../verbs/port.js";
import { OF_ATOM } from "../queries.js";
import { toRequest, toState } from "../rows.js";
import { toCancelReason } from "../writing.js";
import { BYTES } from "./append.js";
import { endOwnership, insertOwnership, nextSeq } from "./ownership.js";

/*
 * P-24, each function inside one transaction: what people ask of a job is written here first; the
 * board and the owner learn of it afterwards.
 */

interface Found {
  readonly state: JobState;
  readonly token: number;
  readonly request: JobRequest | undefined;
}

function find(sql: Statements, id: string): Found | undefined {
  const row = sql.get("SELECT id, state, token, request FROM jobs WHERE id = ?", id);
  if (row === undefined) return undefined;
  return { state: toState(row), token: integer(row, "token"), request: toRequest(row) };
}

interface CancelOptions {
  readonly by: Asker;
  readonly revert: boolean;
  readonly reason: string | undefined;
}

export function cancel(
  sql: Statements,
  id: string,
  { by, revert, reason }: CancelOptions,
  now: number,
): Asked {
  const found = find(sql, id);
  if (found === undefined) return { asked: "unknown" };
  const { state } = found;
  if (state === "CANCELLED") return { asked: "done", state };
  if (isEnded(state)) return { asked: "conflict", state };
  const seq = nextSeq(sql, id);
  const why = toCancelReason(reason);
  // Nothing ran, or is to be reverted, and nobody owns it: no owner is needed to end it.
  if (seq === 1 || (state === "SUSPENDED" && (!revert || !hasBegun(sql, id)))) {
    const changes = [{ change: "flow", to: "CANCELLED" }] as const;
    endAtOnce(sql, id, { by, now, token: found.token + 1, seq, changes, ...why });
    return { asked: "done", state: "CANCELLED" };
  }
  const request: JobRequest = revert ? "cancel" : "cancel-no-revert";
  const startable = state === "SUSPENDED" ? "WAITING" : state; // Somebody has to revert it.
  setAsked(sql, id, { state: startable, request, token: found.token, ...why });
  return { asked: "requested", state: startable };
}

/** Whether any entry names an atom; the first ones of a job that ran do. */
function hasBegun(sql: Statements, id: string): boolean {
  const entry = "SELECT 1 FROM entries WHERE job = ? AND instr(body, ?) > 0 ORDER BY seq LIMIT 1";
  return sql.get(entry, id, OF_ATOM) !== undefined;
}

interface AtOnce {
  readonly by: Asker;
  readonly now: number;
  readonly token: number;
  readonly seq: number;
  /** What the journal says of it. */
  readonly changes: readonly Change[];
  readonly reason?: StateReason;
}

/** The raised token fences an owner that is between its raise and its first append. */
export function endAtOnce(sql: Statements, id: string, end: AtOnce): void {
  const { by, now, token, seq, changes, reason } = end;
  sql.run(
    `UPDATE jobs SET state = 'CANCELLED', token = ?, owner = ?, agent = ?, request = NULL,
       reason = ?, ended_at = ? WHERE id = ?`,
    ...[token, by.owner, by.agent, reason === undefined ? null : JSON.stringify(reason), now, id],
  );
  const { owner, agent, machine } = by;
  insertOwnership(sql, { job: id, token, owner, agent, machine, at: now, firstSeq: seq });
  endOwnership(sql, { job: id, token, ended: "outcome" }, now);
  const body = JSON.stringify(changes);
  sql.run(
    "INSERT INTO entries (job, seq, token, owner, at, body, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ...[id, seq, token, by.owner, now, body, body.length],
  );
  sql.run(`UPDATE jobs SET bytes = ${BYTES} WHERE id = ?`, id);
  sql.run("UPDATE job_controls SET slot = 'over' WHERE job = ? AND slot IS NOT NULL", id);
  noteHooks(sql, { job: id, state: "CANCELLED", now, hooks: by.hooks });
}

export function suspend(
  sql: Statements,
  id: string,
  { hooks, now }: Pick<Heard, "hooks" | "now">,
): Asked {
  const found = find(sql, id);
  if (found === undefined) return { asked: "unknown" };
  const { state, token, request } = found;
  if (state === "SUSPENDED") return { asked: "done", state };
  if (isEnded(state) || (request !== undefined && request !== "suspend")) {
    return { asked: "conflict", state }; // A cancel is not taken back by a suspend.
  }
  if (state !== "WAITING") {
    setAsked(sql, id, { state, request: "suspend", token });
    return { asked: "requested", state };
  }
  sql.run("UPDATE jobs SET state = 'SUSPENDED', request = NULL WHERE id = ?", id);
  noteHooks(sql, { job: id, state: "SUSPENDED", now, hooks });
  return { asked: "done", state: "SUSPENDED" };
}

export function resume(sql: Statements, id: string): Asked {
  const found = find(sql, id);
  if (found === undefined) return { asked: "unknown" };
  const { state, token, request } = found;
  if (state === "SUSPENDED") {
    // A cancel that the job was parked with is not taken back: it is tried again.
    setAsked(sql, id, { state: "WAITING", request: request ?? null, token });
    return { asked: "done", state: "WAITING" };
  }
  if (isEnded(state) || (request !== undefined && request !== "suspend")) {
    return { asked: "conflict", state };
  }
  sql.run("UPDATE jobs SET request = NULL WHERE id = ?", id);
  return { asked: "done", state };
}

interface Asking {
  readonly state: JobState;
  readonly request: JobRequest | null;
  readonly token: number;
  /** Of a cancel. */
  readonly reason?: StateReason;
}

/**
 * A job that leaves SUSPENDED, or is cancelled, starts a new count of ownerships that died (P-25):
 * what they died over before is not what the next ones will do. What a cancel gave as its reason
 * stays when it is asked for once more without any.
 */
function setAsked(sql: Statements, id: string, asking: Asking): void {
  const { state, request, token, reason } = asking;
  sql.run(
    `UPDATE jobs SET request = ?, reason = coalesce(?,
         CASE WHEN request LIKE 'cancel%' AND state <> 'SUSPENDED' THEN reason END),
       resumed_at_token = CASE WHEN ? OR state = 'SUSPENDED' THEN ? ELSE resumed_at_token END,
       state = ?
     WHERE id = ?`,
    ...[request, reason === undefined ? null : JSON.stringify(reason)],
    ...[isCancel(request) ? 1 : 0, token, state, id],
  );
}
