import { JobrunnerError } from "../../common/error.js";
import { toSignature } from "../../common/job.js";
import { isDuplicate } from "../../mysql/faults.js";
import { type Sql, sql, table } from "../../mysql/sql.js";
import { integer, text } from "../columns.js";
import { findHolder, insertControls } from "../flow-control/mysql.js";
import type { NewJob, Posted } from "../persistence.js";
import { idTail } from "../rows.js";
import { bytesOfTexts } from "../texts.js";
import { KEPT_TOKEN, type Prepared } from "../writing.js";
import type { Outcome, Transactions } from "./transaction.js";

/*
 * P-1 and P-3 in one packet: the first to insert the key, or without a key the job, inserts the
 * rest as well (@fresh = 1); everybody else waits for that, and is told what there is.
 */

export async function post(to: Transactions, prepared: Prepared): Promise<Posted> {
  const { job } = prepared;
  const { key } = job;
  const told = key === undefined ? findJob(job.id) : findKey(key.key);
  const insertion = [
    ...(key === undefined ? [sql`SET @fresh = 1`] : insertKey(job.id, key, to.now)),
    ...insertJob(prepared, to.now),
  ];
  const posted = await sent(to, [...insertion, told], job);
  if ("posted" in posted) return posted;
  const { answers, repeated } = posted;
  const row = answers.at(-1)?.rows[0];
  if (row === undefined) throw new JobrunnerError("INTERNAL", "A posting left nothing behind.");
  const id = text(row, "job");
  if (key !== undefined && text(row, "body_hash") !== key.bodyHash)
    return { posted: "conflict", id };
  if (integer(row, "fresh") === 1) return { posted: "created", id };
  if (row["id"] === null) return { posted: "removed", id };
  // Ours, by a try that got no answer.
  return { posted: repeated && id === job.id ? "created" : "existed", id };
}

/** Times that a posting is sent whose unique key was another job's, which was over when asked. */
const ROUNDS_MAX = 5;

/** What must not be there twice is a duplicate key, which takes everything back. */
async function sent(
  to: Transactions,
  statements: readonly Sql[],
  job: NewJob,
): Promise<Outcome | Posted> {
  for (let round = 1; ; round += 1) {
    try {
      return await to.run(statements);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const refused = (await findSpent(to, job)) ?? (await findHolder(to, job));
      if (refused !== undefined) return refused;
      if (job.uniqueKey === undefined || round === ROUNDS_MAX) throw error;
    }
  }
}

/** P-39: the retry to which the results were handed on that this one would keep. */
async function findSpent(
  { database }: Transactions,
  { retry }: NewJob,
): Promise<Posted | undefined> {
  if (retry?.kept === undefined) return undefined;
  const [row] = await database.read(sql`SELECT job FROM retries WHERE kept_of = ${retry.of}`);
  return row === undefined ? undefined : { posted: "spent", id: text(row, "job") };
}

function insertKey(
  id: string,
  { key, bodyHash }: NonNullable<NewJob["key"]>,
  now: Sql,
): readonly Sql[] {
  return [
    sql`INSERT INTO post_keys (\`key\`, job, body_hash, at)
      VALUES (${key}, ${id}, ${bodyHash}, ${now})
      ON DUPLICATE KEY UPDATE post_keys.job = post_keys.job`,
    sql`SET @fresh = ROW_COUNT()`,
  ];
}

function insertJob(prepared: Prepared, now: Sql): readonly Sql[] {
  const { job, spec, params, words, kept } = prepared;
  const { flow, version } = job.needs;
  return [
    sql`INSERT INTO jobs (id, id_tail, flow, version, signature, flow_hash, name, priority, run_at,
        posted_via, posted_at, traceparent, state, token, bytes)
      SELECT ${job.id}, ${idTail(job.id)}, ${flow}, ${version}, ${toSignature(job.needs)},
        ${job.flowHash}, ${job.name}, ${job.priority}, ${job.runAt ?? null}, ${job.postedVia},
        ${now}, ${job.traceparent ?? null}, 'WAITING', ${kept === undefined ? 0 : KEPT_TOKEN},
        ${bytesOfTexts(prepared)}
      FROM DUAL WHERE @fresh = 1
      ON DUPLICATE KEY UPDATE jobs.id = jobs.id`,
    sql`SET @fresh = ROW_COUNT()`,
    sql`INSERT INTO job_texts (job, spec, params)
      SELECT ${job.id}, ${spec}, ${params} FROM DUAL WHERE @fresh = 1`,
    ...(words.length === 0 ? [] : [insertWords(job.id, words)]),
    ...insertRetry(prepared, now),
    ...insertControls(job),
  ];
}

function insertRetry({ job, kept, required }: Prepared, now: Sql): readonly Sql[] {
  const { id, retry } = job;
  const fresh = sql`FROM DUAL WHERE @fresh = 1`;
  return [
    ...(required === undefined
      ? []
      : [sql`INSERT INTO requirements (job, clauses) SELECT ${id}, ${required} ${fresh}`]),
    ...(retry === undefined
      ? []
      : [
          sql`INSERT INTO retries (job, retry_of, kept_of)
            SELECT ${id}, ${retry.of}, ${kept === undefined ? null : retry.of} ${fresh}`,
        ]),
    ...(kept === undefined ? [] : insertKept(id, kept, now)),
  ];
}

function insertKept(
  id: string,
  { by, body }: NonNullable<Prepared["kept"]>,
  now: Sql,
): readonly Sql[] {
  const { owner, agent, machine } = by;
  return [
    sql`INSERT INTO ownerships (job, token, owner, agent, machine, at, first_seq, ended, ended_at)
      SELECT ${id}, ${KEPT_TOKEN}, ${owner}, ${agent}, ${machine}, ${now}, 1, 'kept', ${now}
      FROM DUAL WHERE @fresh = 1`,
    sql`INSERT INTO entries (job, seq, token, owner, at, body, bytes)
      SELECT ${id}, 1, ${KEPT_TOKEN}, ${owner}, ${now}, ${body}, ${Buffer.byteLength(body)}
      FROM DUAL WHERE @fresh = 1`,
  ];
}

function insertWords(id: string, words: readonly string[]): Sql {
  const rows = table(words.map((word) => ({ word })));
  return sql`INSERT INTO job_words (job, word)
    SELECT ${id}, v.word FROM ${rows} v WHERE @fresh = 1`;
}

/** What `post` would answer for this key alone; undefined when it was never used. */
export async function postedBefore(
  { database }: Transactions,
  { key, bodyHash }: NonNullable<NewJob["key"]>,
): Promise<Posted | undefined> {
  const [row] = await database.read(findKey(key));
  if (row === undefined) return undefined;
  const id = text(row, "job");
  if (text(row, "body_hash") !== bodyHash) return { posted: "conflict", id };
  return { posted: row["id"] === null ? "removed" : "existed", id };
}

function findKey(key: string): Sql {
  return sql`SELECT k.job, k.body_hash, j.id, @fresh AS fresh
    FROM post_keys k LEFT JOIN jobs j ON j.id = k.job WHERE k.key = ${key}`;
}

function findJob(id: string): Sql {
  return sql`SELECT id AS job, id, @fresh AS fresh FROM jobs WHERE id = ${id}`;
}
