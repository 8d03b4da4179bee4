import type { Statements } from "../../sqlite/statements.js";
import { integer, text } from "../columns.js";
import type { Asker, NewJob, Posted, Raise } from "../persistence.js";
import { toState } from "../rows.js";
import { endAtOnce } from "../sqlite/asking.js";
import { nextSeq, raise } from "../sqlite/ownership.js";
import { expiryOf } from "./expiry.js";
import type { Raised } from "./port.js";
import { hasControls } from "./rows.js";

/* Each inside one transaction. */

/** P-43: the job that keeps this one from being posted. */
export function findHolder(sql: Statements, { uniqueKey }: NewJob): Posted | undefined {
  if (uniqueKey === undefined) return undefined;
  const row = sql.get(
    `SELECT u.job, j.state FROM unique_keys u JOIN jobs j ON j.id = u.job
     WHERE u.key = ? AND j.ended_at IS NULL`,
    uniqueKey,
  );
  return row === undefined
    ? undefined
    : { posted: "held", id: text(row, "job"), state: toState(row) };
}

export function insertControls(sql: Statements, job: NewJob): void {
  if (!hasControls(job)) return;
  const { id, uniqueKey, startBy } = job;
  sql.run(
    "INSERT INTO job_controls (job, unique_key, start_by) VALUES (?, ?, ?)",
    ...[id, uniqueKey ?? null, startBy ?? null],
  );
  if (uniqueKey === undefined) return;
  sql.run(
    `INSERT INTO unique_keys (key, job) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET job = excluded.job`,
    ...[uniqueKey, id],
  );
}

/** P-7, P-44. */
export function raiseControlled(sql: Statements, wanted: Raise, now: number): Raised {
  if (lateSince(sql, wanted.job, now) !== undefined) return { raised: "expired" };
  const token = raise(sql, wanted, now);
  if (token === undefined) return { raised: "refused" };
  sql.run("UPDATE job_controls SET started = 1 WHERE job = ?", wanted.job);
  return { raised: "owned", token };
}

export interface ExpireOptions {
  readonly by: Asker;
  readonly now: number;
}

/** P-44 */
export function expire(sql: Statements, id: string, { by, now }: ExpireOptions): boolean {
  const startBy = lateSince(sql, id, now);
  const row = sql.get("SELECT token FROM jobs WHERE id = ?", id);
  if (startBy === undefined || row === undefined) return false;
  const [token, seq] = [integer(row, "token") + 1, nextSeq(sql, id)];
  endAtOnce(sql, id, { by, now, token, seq, ...expiryOf(startBy) });
  return true;
}

/** The start deadline of a job that nobody has started by then. */
function lateSince(sql: Statements, id: string, now: number): number | undefined {
  const row = sql.get(
    `SELECT c.start_by FROM job_controls c JOIN jobs j ON j.id = c.job
     WHERE c.job = ? AND c.started = 0 AND c.start_by <= ?
       AND j.state IN ('WAITING', 'SUSPENDED')`,
    ...[id, now],
  );
  return row === undefined ? undefined : integer(row, "start_by");
}

export function removeControls(sql: Statements, id: string): void {
  sql.run("DELETE FROM job_controls WHERE job = ?", id);
  sql.run("DELETE FROM unique_keys WHERE job = ?", id);
}
