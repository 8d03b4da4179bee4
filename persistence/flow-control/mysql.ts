import { type Sql, sql } from "../../mysql/sql.js";
import { text } from "../columns.js";
import type { Transactions } from "../mysql/transaction.js";
import type { NewJob, Posted } from "../persistence.js";
import { toState } from "../rows.js";
import { hasControls } from "./rows.js";

/** P-43: the job that keeps this one from being posted. */
export async function findHolder(
  { database }: Transactions,
  { uniqueKey }: NewJob,
): Promise<Posted | undefined> {
  if (uniqueKey === undefined) return undefined;
  const [row] = await database.read(sql`SELECT u.job, j.state
    FROM unique_keys u JOIN jobs j ON j.id = u.job
    WHERE u.\`key\` = ${uniqueKey} AND j.ended_at IS NULL`);
  return row === undefined
    ? undefined
    : { posted: "held", id: text(row, "job"), state: toState(row) };
}

/** Of a job that was inserted just before, if @fresh = 1. */
export function insertControls(job: NewJob): readonly Sql[] {
  if (!hasControls(job)) return [];
  const { id, uniqueKey } = job;
  return [
    sql`INSERT INTO job_controls (job, unique_key)
      SELECT ${id}, ${uniqueKey ?? null} FROM DUAL WHERE @fresh = 1`,
    ...(uniqueKey === undefined ? [] : takeKey(id, uniqueKey)),
  ];
}

/**
 * P-43. The first statement waits for whoever posts with the key at the same time, and locks it;
 * only a later one is sure to see what that one has committed. The last one fails as a duplicate,
 * which takes everything back, when the key is another job's.
 */
function takeKey(id: string, key: string): readonly Sql[] {
  return [
    sql`INSERT INTO unique_keys (\`key\`, job) SELECT ${key}, ${id} FROM DUAL WHERE @fresh = 1
      ON DUPLICATE KEY UPDATE unique_keys.job = unique_keys.job`,
    sql`UPDATE unique_keys SET job = ${id} WHERE \`key\` = ${key} AND @fresh = 1
      AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = unique_keys.job AND j.ended_at IS NULL)`,
    sql`INSERT INTO unique_keys (\`key\`, job)
      SELECT u.\`key\`, ${id} FROM unique_keys u
      WHERE u.\`key\` = ${key} AND u.job <> ${id} AND @fresh = 1`,
  ];
}

/** `jobs`: a list of ids. */
export function removeControls(jobs: Sql): readonly Sql[] {
  return [
    sql`DELETE FROM job_controls WHERE job IN (${jobs})`,
    sql`DELETE FROM unique_keys WHERE job IN (${jobs})`,
  ];
}
