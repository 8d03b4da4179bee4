import type { Statements } from "../../sqlite/statements.js";
import { text } from "../columns.js";
import type { NewJob, Posted } from "../persistence.js";
import { toState } from "../rows.js";
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
  const { id, uniqueKey } = job;
  sql.run("INSERT INTO job_controls (job, unique_key) VALUES (?, ?)", id, uniqueKey ?? null);
  if (uniqueKey === undefined) return;
  sql.run(
    `INSERT INTO unique_keys (key, job) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET job = excluded.job`,
    ...[uniqueKey, id],
  );
}

export function removeControls(sql: Statements, id: string): void {
  sql.run("DELETE FROM job_controls WHERE job = ?", id);
  sql.run("DELETE FROM unique_keys WHERE job = ?", id);
}
