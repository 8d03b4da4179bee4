import { type JobRequest, STARTABLE } from "../../common/job.js";
import type { Entry } from "../../engine/journal.js";
import { inPresentNames } from "../../engine/migration/renaming.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer, text } from "../columns.js";
import type { JobRow, OpenJob, OpenState, Ownership } from "../persistence.js";
import { COUNTS, JOB, openJobs } from "../queries.js";
import { idTail, toCounts, toEntry, toJobRow, toOpenJob, toOwnership, toRequest } from "../rows.js";

/* Single statements with fixed texts; lists of ids are bound as one JSON text. */

export function job(sql: Statements, id: string): JobRow | undefined {
  const row = sql.get(`${JOB} ?`, id);
  return row === undefined ? undefined : toJobRow(row);
}

/** Above every character of an id. */
const LAST = "\u{10ffff}";

export function matchIds(sql: Statements, part: string, limit: number): readonly string[] {
  const tail = idTail(part);
  const rows = sql.all(
    `SELECT id FROM jobs WHERE id >= ? AND id < ?
     UNION SELECT id FROM jobs
       WHERE id_tail >= ? AND id_tail < ? AND substr(id, -length(?)) = ?
     LIMIT ?`,
    ...[part, part + LAST, tail, tail + LAST, part, part, limit],
  );
  return rows.map((row) => text(row, "id"));
}

export function ownerships(sql: Statements, id: string): readonly Ownership[] {
  return sql.all("SELECT * FROM ownerships WHERE job = ? ORDER BY token", id).map(toOwnership);
}

export function load(sql: Statements, id: string, seq: number): readonly Entry[] {
  const rows = sql.all(
    "SELECT job, seq, token, at, body FROM entries WHERE job = ? AND seq > ? ORDER BY seq",
    ...[id, seq],
  );
  return inPresentNames(rows.map(toEntry));
}

export function requests(sql: Statements, ids: readonly string[]): ReadonlyMap<string, JobRequest> {
  const found = new Map<string, JobRequest>();
  const rows = sql.all(
    `SELECT id, request FROM jobs
     WHERE id IN (SELECT value FROM json_each(?)) AND request IS NOT NULL`,
    JSON.stringify(ids),
  );
  for (const row of rows) {
    const request = toRequest(row);
    if (request !== undefined) found.set(text(row, "id"), request);
  }
  return found;
}

const OPEN = openJobs("?", "?");

export interface Page {
  readonly limit: number;
  readonly cursor: string;
  readonly now: number;
}

export function open(sql: Statements, { limit, cursor, now }: Page): readonly OpenJob[] {
  const ranges = STARTABLE.flatMap(() => [cursor, limit]);
  return sql.all(OPEN, ...ranges, limit).map((row) => toOpenJob(row, now));
}

export function startable(sql: Statements, ids: readonly string[]): ReadonlySet<string> {
  const rows = sql.all(
    `SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))
       AND state IN ('WAITING', 'RUNNING', 'REVERTING')`,
    JSON.stringify(ids),
  );
  return new Set(rows.map((row) => text(row, "id")));
}

export function counts(sql: Statements): Readonly<Record<OpenState, number>> {
  return toCounts(sql.all(COUNTS));
}

export function boardId(sql: Statements): string | undefined {
  const row = sql.get("SELECT board_id FROM cluster WHERE board_id IS NOT NULL");
  return row === undefined ? undefined : text(row, "board_id");
}

export function setBoardId(sql: Statements, seen: string | undefined, id: string): boolean {
  return sql.run("UPDATE cluster SET board_id = ? WHERE board_id IS ?", id, seen ?? null) === 1;
}

export function isNoted(sql: Statements, job: string, token: number): boolean {
  const row = sql.get(
    "SELECT count(*) AS open FROM ownerships WHERE job = ? AND token = ? AND ended IS NULL",
    ...[job, token],
  );
  return row === undefined || integer(row, "open") === 0;
}
