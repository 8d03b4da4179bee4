import { list, sql } from "../../mysql/sql.js";
import { integer, text } from "../columns.js";
import { removeControls } from "../flow-control/mysql.js";
import type { Purging } from "../retention.js";
import { now } from "./reading.js";
import type { Transactions } from "./transaction.js";

/** P-36: when a purge was noted last, database time. */
export async function purgedAt({ database }: Transactions): Promise<number | undefined> {
  const [row] = await database.read(sql`SELECT purged_at FROM cluster WHERE purged_at IS NOT NULL`);
  return row === undefined ? undefined : integer(row, "purged_at");
}

/** Rows are found without locks and removed by their keys: nobody waits for a purge. */
export function purging(to: Transactions): Purging {
  const { database } = to;
  return {
    now: () => now(to),
    totals: async () => {
      const [row = {}] = await database.read(
        sql`SELECT count(*) AS jobs, coalesce(sum(bytes), 0) AS bytes
          FROM jobs WHERE ended_at IS NOT NULL`,
      );
      return { jobs: integer(row, "jobs"), bytes: integer(row, "bytes") };
    },
    oldest: async (limit, states) => {
      const among = states === undefined ? sql`` : sql`AND state IN (${list(states)})`;
      const rows = await database.read(
        sql`SELECT id, ended_at, bytes FROM jobs
          WHERE ended_at IS NOT NULL ${among}
          ORDER BY ended_at LIMIT ${limit}`,
      );
      return rows.map((row) => ({
        id: text(row, "id"),
        endedAt: integer(row, "ended_at"),
        bytes: integer(row, "bytes"),
      }));
    },
    remove: async (ids) => {
      const jobs = list([...ids].sort());
      await to.run([
        sql`DELETE FROM jobs WHERE id IN (${jobs}) AND ended_at IS NOT NULL`,
        sql`UPDATE post_keys SET removed_at = ${to.now} WHERE job IN (${jobs}) AND removed_at IS NULL`,
        sql`DELETE FROM entries WHERE job IN (${jobs})`,
        sql`DELETE FROM ownerships WHERE job IN (${jobs})`,
        sql`DELETE FROM job_logs WHERE job IN (${jobs})`,
        sql`DELETE FROM hook_calls WHERE job IN (${jobs})`,
        sql`DELETE FROM job_texts WHERE job IN (${jobs})`,
        sql`DELETE FROM requirements WHERE job IN (${jobs})`,
        ...removeControls(jobs),
        // What a retry has kept stays handed on for as long as one of the two is there.
        sql`DELETE FROM retries WHERE (job IN (${jobs}) OR retry_of IN (${jobs}))
          AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id IN (retries.job, retries.retry_of))`,
        sql`DELETE FROM job_words WHERE job IN (${jobs})`,
      ]);
    },
    purgedAt: () => purgedAt(to),
    note: async (moment) => {
      await database.write([sql`UPDATE cluster SET purged_at = ${moment}`]);
    },
    forgetKeys: async (moment, limit) => {
      await database.write([
        sql`DELETE FROM post_keys WHERE removed_at < ${moment} ORDER BY removed_at LIMIT ${limit}`,
      ]);
    },
  };
}
