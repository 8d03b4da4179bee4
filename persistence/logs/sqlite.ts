import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import { toState } from "../rows.js";
import type { LogChunk, LogPage, LogRange, LogSize, LogStore } from "./port.js";
import { toChunk, toRow, toSize } from "./rows.js";

/** Of the file's database. */
export function logsInFile(database: Database): LogStore {
  return {
    // Without waiting for the disk: nothing depends on a log.
    addLogs: (chunks) => database.write((sql) => add(sql, chunks), { durable: false }),
    logs: (job, range) => database.read((sql) => page(sql, job, range)),
    logSizes: (job) => database.read((sql) => sizes(sql, job)),
    removeLogs: (job, upTo) => database.write((sql) => remove(sql, job, upTo), { durable: false }),
  };
}

function add(sql: Statements, chunks: readonly LogChunk[]): readonly number[] {
  return chunks.map(toRow).map(({ job, token, n, agent, body, bytes }) => {
    sql.run(
      `INSERT INTO job_logs (job, seq, token, n, agent, bytes, body)
         SELECT id, (SELECT coalesce(max(seq), 0) + 1 FROM job_logs WHERE job = id), ?, ?, ?, ?, ?
         FROM jobs WHERE id = ?
       ON CONFLICT (job, token, n) DO NOTHING`,
      ...[token, n, agent, bytes, body, job],
    );
    return bytes;
  });
}

function page(sql: Statements, job: string, range: LogRange): LogPage | undefined {
  const row = sql.get("SELECT state FROM jobs WHERE id = ?", job);
  if (row === undefined) return undefined;
  const rows =
    "after" in range
      ? sql.all(
          `SELECT * FROM job_logs WHERE job = ? AND (seq, n) > (?, ?)
           ORDER BY seq LIMIT ?`,
          ...[job, range.after.seq, range.after.n, range.limit],
        )
      : sql.all(
          "SELECT * FROM job_logs WHERE job = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
          ...[job, range.before, range.limit],
        );
  return { state: toState(row), chunks: rows.map(toChunk) };
}

function sizes(sql: Statements, job: string): readonly LogSize[] {
  const statement = "SELECT seq, bytes FROM job_logs WHERE job = ? ORDER BY seq";
  return sql.all(statement, job).map(toSize);
}

function remove(sql: Statements, job: string, upTo: number): void {
  sql.run("DELETE FROM job_logs WHERE job = ? AND seq <= ?", job, upTo);
}
