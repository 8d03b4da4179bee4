import type { Statements } from "../../sqlite/statements.js";
import { integer, text } from "../columns.js";
import type { Asker, NewJob, Posted, Raise } from "../persistence.js";
import { toState } from "../rows.js";
import { endAtOnce } from "../sqlite/asking.js";
import { nextSeq, raise } from "../sqlite/ownership.js";
import { expiryOf } from "./expiry.js";
import type { Concurrency, Controls, Raised, Slots } from "./port.js";
import { hasControls, toWaiter } from "./rows.js";

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
  const { id, uniqueKey, startBy, concurrency } = job;
  sql.run(
    `INSERT INTO job_controls (job, unique_key, start_by, slot_key, slot_limit, slot, slot_rank)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[id, uniqueKey ?? null, startBy ?? null, concurrency?.key ?? null],
    ...[concurrency?.limit ?? null, concurrency === undefined ? null : "waits", -job.priority],
  );
  if (uniqueKey === undefined) return;
  sql.run(
    `INSERT INTO unique_keys (key, job) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET job = excluded.job`,
    ...[uniqueKey, id],
  );
}

/** P-7, P-44, P-45. `controls`: as they were read with the job. */
export function raiseControlled(
  sql: Statements,
  wanted: Raise,
  { controls: { concurrency }, now }: { readonly controls: Controls; readonly now: number },
): Raised {
  if (lateSince(sql, wanted.job, now) !== undefined) return { raised: "expired" };
  if (concurrency !== undefined && isFull(sql, wanted.job, concurrency)) return { raised: "full" };
  const token = raise(sql, wanted, now);
  if (token === undefined) return { raised: "refused" };
  sql.run(
    `UPDATE job_controls SET started = 1, slot = CASE slot WHEN 'waits' THEN 'held' ELSE slot END
     WHERE job = ?`,
    wanted.job,
  );
  return { raised: "owned", token };
}

/** No slot for a job that has none. Those of jobs that are over are given up here. */
function isFull(sql: Statements, id: string, { key, limit }: Concurrency): boolean {
  sql.run(
    `UPDATE job_controls SET slot = 'over' WHERE slot_key = ? AND slot = 'held' AND NOT EXISTS
       (SELECT 1 FROM jobs j WHERE j.id = job_controls.job AND j.ended_at IS NULL)`,
    key,
  );
  const row = sql.get(
    `SELECT count(*) AS taken, coalesce(max(job = ?), 0) AS mine FROM job_controls
     WHERE slot_key = ? AND slot = 'held'`,
    ...[id, key],
  );
  return row !== undefined && integer(row, "mine") === 0 && integer(row, "taken") >= limit;
}

export interface SlotsOptions {
  readonly waitingMax: number;
  readonly now: number;
}

/** P-45 */
export function slots(sql: Statements, key: string, { waitingMax, now }: SlotsOptions): Slots {
  const held = sql.all(
    `SELECT c.job FROM job_controls c JOIN jobs j ON j.id = c.job
     WHERE c.slot_key = ? AND c.slot = 'held' AND j.ended_at IS NULL ORDER BY c.job`,
    key,
  );
  const waiting = sql.all(
    `SELECT j.id, j.signature, j.priority, c.slot_limit
     FROM job_controls c CROSS JOIN jobs j ON j.id = c.job
     WHERE c.slot_key = ? AND c.slot = 'waits' AND c.slot_limit > ? AND j.state = 'WAITING'
       AND (j.run_at IS NULL OR j.run_at <= ?)
     ORDER BY c.slot_rank, c.job LIMIT ?`,
    ...[key, held.length, now, waitingMax],
  );
  return { held: held.map((row) => text(row, "job")), waiting: waiting.map(toWaiter) };
}

/** P-45 */
export function giveBackSlot(sql: Statements, id: string, owner: string): void {
  sql.run(
    `UPDATE job_controls SET slot = 'waits' WHERE job = ? AND slot = 'held' AND EXISTS
       (SELECT 1 FROM jobs WHERE id = ? AND owner = ? AND state = 'SUSPENDED')`,
    ...[id, id, owner],
  );
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
