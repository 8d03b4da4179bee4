import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer, isEmpty, text } from "../columns.js";
import { removeControls } from "../flow-control/sqlite.js";
import type { Purging } from "../retention.js";

/** P-36: when a purge was noted last, database time. */
export async function purgedAt(database: Database): Promise<number | undefined> {
  const row = await database.read((sql) => sql.get("SELECT purged_at FROM cluster"));
  return row === undefined || isEmpty(row, "purged_at") ? undefined : integer(row, "purged_at");
}

/** Each removal is a short transaction: other agents write between two of them. */
export function purging(database: Database, now: () => number): Purging {
  return {
    now: () => Promise.resolve(now()),
    totals: () =>
      database.read((sql) => {
        const row = sql.get(
          `SELECT count(*) AS jobs, coalesce(sum(bytes), 0) AS bytes
           FROM jobs WHERE ended_at IS NOT NULL`,
        );
        return { jobs: integer(row ?? {}, "jobs"), bytes: integer(row ?? {}, "bytes") };
      }),
    oldest: (limit, states) =>
      database.read((sql) => {
        const among = states === undefined ? "" : "AND state IN (SELECT value FROM json_each(?))";
        const rows = sql.all(
          `SELECT id, ended_at, bytes FROM jobs WHERE ended_at IS NOT NULL ${among}
           ORDER BY ended_at LIMIT ?`,
          ...(states === undefined ? [limit] : [JSON.stringify(states), limit]),
        );
        return rows.map((row) => ({
          id: text(row, "id"),
          endedAt: integer(row, "ended_at"),
          bytes: integer(row, "bytes"),
        }));
      }),
    remove: (ids) =>
      database.write((sql) => {
        for (const id of ids) removeJob(sql, id, now());
      }),
    purgedAt: () => purgedAt(database),
    note: (moment) =>
      database.write((sql) => {
        sql.run("UPDATE cluster SET purged_at = ?", moment);
      }),
    forgetKeys: (moment, limit) =>
      database.write((sql) => {
        sql.run(
          `DELETE FROM post_keys WHERE key IN
             (SELECT key FROM post_keys WHERE removed_at < ? ORDER BY removed_at LIMIT ?)`,
          ...[moment, limit],
        );
      }),
  };
}

function removeJob(sql: Statements, id: string, at: number): void {
  if (sql.run("DELETE FROM jobs WHERE id = ? AND ended_at IS NOT NULL", id) === 0) return;
  sql.run("UPDATE post_keys SET removed_at = ? WHERE job = ?", at, id);
  sql.run("DELETE FROM entries WHERE job = ?", id);
  sql.run("DELETE FROM ownerships WHERE job = ?", id);
  sql.run("DELETE FROM job_logs WHERE job = ?", id);
  sql.run("DELETE FROM hook_calls WHERE job = ?", id);
  sql.run("DELETE FROM job_texts WHERE job = ?", id);
  sql.run("DELETE FROM requirements WHERE job = ?", id);
  removeControls(sql, id);
  // What a retry has kept stays handed on for as long as one of the two is there.
  sql.run(
    `DELETE FROM retries WHERE (job = ? OR retry_of = ?)
       AND NOT EXISTS (SELECT 1 FROM jobs WHERE id IN (job, retry_of))`,
    ...[id, id],
  );
  sql.run("DELETE FROM job_words WHERE job = ?", id);
}
