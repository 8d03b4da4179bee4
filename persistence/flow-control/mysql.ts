import { type Sql, sql } from "../../mysql/sql.js";
import { integer, isEmpty, text } from "../columns.js";
import { endAtOnce, lock } from "../mysql/asking.js";
import { raiseAll } from "../mysql/ownership.js";
import type { Transactions } from "../mysql/transaction.js";
import type { Asker, NewJob, Posted, Raise } from "../persistence.js";
import { toState } from "../rows.js";
import { expiryOf } from "./expiry.js";
import type { Concurrency, Controls, Raised, Slots } from "./port.js";
import { hasControls, toWaiter } from "./rows.js";

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
  const { id, priority, uniqueKey = null, startBy = null, concurrency } = job;
  const { key = null, limit = null } = concurrency ?? {};
  return [
    sql`INSERT INTO job_controls (job, unique_key, start_by, slot_key, slot_limit, slot, slot_rank)
      SELECT ${id}, ${uniqueKey}, ${startBy}, ${key}, ${limit}, ${key === null ? null : "waits"},
        ${-priority} FROM DUAL WHERE @fresh = 1`,
    ...(uniqueKey === null ? [] : takeKey(id, uniqueKey)),
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

/** P-7, P-44, P-45. `controls`: as they were read with the job. */
export async function raiseControlled(
  to: Transactions,
  wanted: Raise,
  { concurrency }: Controls,
): Promise<Raised> {
  const { job, owner, seen } = wanted;
  const { answers } = await to.run([
    ...(concurrency === undefined ? [] : [lockSlots(concurrency)]),
    lock(job),
    isLate(job, to.now),
    ...(concurrency === undefined ? [sql`SET @full = 0`] : isFull(job, concurrency)),
    ...raiseAll([wanted], to.now, sql`(@late OR @full)`),
    sql`UPDATE job_controls SET started = 1, slot = IF(slot = 'waits', 'held', slot)
      WHERE job = ${job}
        AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = ${job} AND j.owner = ${owner})`,
    sql`SELECT token, owner, @late AS late, @full AS is_full FROM jobs WHERE id = ${job}`,
  ]);
  const row = answers.at(-1)?.rows[0];
  if (row === undefined) return { raised: "refused" };
  if (row["owner"] === owner && integer(row, "token") === seen + 1) {
    return { raised: "owned", token: seen + 1 };
  }
  if (integer(row, "late") === 1) return { raised: "expired" };
  return { raised: integer(row, "is_full") === 1 ? "full" : "refused" };
}

/**
 * First of all: whoever takes a slot of the key at the same time is waited for, and what follows
 * sees what that one has committed. In no other order: nobody who has locked a job waits for this.
 */
function lockSlots({ key }: Concurrency): Sql {
  return sql`INSERT INTO slot_keys (\`key\`) VALUES (${key})
    ON DUPLICATE KEY UPDATE slot_keys.\`key\` = slot_keys.\`key\``;
}

/** @full: no slot for a job that has none. Those of jobs that are over are given up here. */
function isFull(job: string, { key, limit }: Concurrency): readonly Sql[] {
  const held = sql`FROM job_controls WHERE slot_key = ${key} AND slot = 'held'`;
  return [
    sql`UPDATE job_controls SET slot = 'over' WHERE slot_key = ${key} AND slot = 'held'
      AND NOT EXISTS
        (SELECT 1 FROM jobs j WHERE j.id = job_controls.job AND j.ended_at IS NULL)`,
    sql`SELECT count(*) >= ${limit} AND coalesce(max(job = ${job}), 0) = 0 INTO @full ${held}`,
  ];
}

/** P-45 */
export async function slots(
  { database, now }: Transactions,
  key: string,
  waitingMax: number,
): Promise<Slots> {
  const held = await database.read(
    sql`SELECT c.job FROM job_controls c JOIN jobs j ON j.id = c.job
      WHERE c.slot_key = ${key} AND c.slot = 'held' AND j.ended_at IS NULL ORDER BY c.job`,
  );
  const waiting = await database.read(
    sql`SELECT j.id, j.signature, j.priority, c.slot_limit
      FROM job_controls c STRAIGHT_JOIN jobs j ON j.id = c.job
      WHERE c.slot_key = ${key} AND c.slot = 'waits' AND c.slot_limit > ${held.length}
        AND j.state = 'WAITING' AND (j.run_at IS NULL OR j.run_at <= ${now})
      ORDER BY c.slot_rank, c.job LIMIT ${waitingMax}`,
  );
  return { held: held.map((row) => text(row, "job")), waiting: waiting.map(toWaiter) };
}

/** P-45 */
export async function giveBackSlot(to: Transactions, id: string, owner: string): Promise<void> {
  await to.run([
    lock(id),
    sql`UPDATE job_controls SET slot = 'waits' WHERE job = ${id} AND slot = 'held'
      AND EXISTS (SELECT 1 FROM jobs j
        WHERE j.id = ${id} AND j.owner = ${owner} AND j.state = 'SUSPENDED')`,
  ]);
}

/** P-44 */
export async function expire(to: Transactions, id: string, by: Asker): Promise<boolean> {
  // Written once, with the job.
  const [control] = await to.database.read(
    sql`SELECT start_by FROM job_controls WHERE job = ${id}`,
  );
  if (control === undefined || isEmpty(control, "start_by")) return false;
  const expiry = expiryOf(integer(control, "start_by"));
  const { answers } = await to.run([
    lock(id),
    isLate(id, to.now),
    ...endAtOnce(id, { by, now: to.now, when: sql`@late`, ...expiry }),
    sql`SELECT owner FROM jobs WHERE id = ${id}`,
  ]);
  return answers.at(-1)?.rows[0]?.["owner"] === by.owner;
}

/** @late: nobody has started the job, whose row is locked, and its time to be started is over. */
function isLate(id: string, now: Sql): Sql {
  return sql`SELECT count(*) INTO @late FROM job_controls c JOIN jobs j ON j.id = c.job
    WHERE c.job = ${id} AND c.started = 0 AND c.start_by <= ${now}
      AND j.state IN ('WAITING', 'SUSPENDED')`;
}

/** `jobs`: a list of ids. */
export function removeControls(jobs: Sql): readonly Sql[] {
  return [
    sql`DELETE s FROM slot_keys s JOIN job_controls c ON c.slot_key = s.\`key\`
      WHERE c.job IN (${jobs}) AND NOT EXISTS
        (SELECT 1 FROM job_controls o WHERE o.slot_key = s.\`key\` AND o.job NOT IN (${jobs}))`,
    sql`DELETE FROM job_controls WHERE job IN (${jobs})`,
    sql`DELETE FROM unique_keys WHERE job IN (${jobs})`,
  ];
}
