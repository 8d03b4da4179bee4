import type { Statements } from "../../sqlite/statements.js";
import { integer } from "../columns.js";
import type { Ownership, Raise } from "../persistence.js";
import type { EndedOwnership } from "../writing.js";

const RAISE = `
  UPDATE jobs SET token = token + 1, owner = ?, agent = ?,
    state = CASE state WHEN 'WAITING' THEN 'RUNNING' ELSE state END
  WHERE id = ? AND token = ? AND state IN ('WAITING', 'RUNNING', 'REVERTING')
    AND (run_at IS NULL OR run_at <= ?) AND (SELECT board_id FROM cluster) = ?`;

/** P-7, inside a transaction: the new token, or undefined when nothing was raised. */
export function raise(sql: Statements, raise: Raise, now: number): number | undefined {
  const { job, seen, owner, agent, machine, boardId } = raise;
  if (sql.run(RAISE, owner, agent, job, seen, now, boardId) === 0) return undefined;
  const token = seen + 1;
  const firstSeq = nextSeq(sql, job);
  insertOwnership(sql, { job, token, owner, agent, machine, at: now, firstSeq });
  return token;
}

/** The number the job's next entry will have. */
export function nextSeq(sql: Statements, job: string): number {
  const row = sql.get("SELECT coalesce(max(seq), 0) + 1 AS next FROM entries WHERE job = ?", job);
  return row === undefined ? 1 : integer(row, "next");
}

export function insertOwnership(sql: Statements, begun: Ownership): void {
  sql.run(
    `INSERT INTO ownerships (job, token, owner, agent, machine, at, first_seq)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[begun.job, begun.token, begun.owner, begun.agent, begun.machine, begun.at],
    begun.firstSeq,
  );
}

/** The first to say how an ownership ended is believed. */
export function endOwnership(sql: Statements, end: EndedOwnership, now: number): void {
  sql.run(
    `UPDATE ownerships SET ended = ?, ended_at = ?
     WHERE job = ? AND token = ? AND ended IS NULL`,
    ...[end.ended, now, end.job, end.token],
  );
}
