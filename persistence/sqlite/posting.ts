import { toSignature } from "../../common/job.js";
import type { Statements } from "../../sqlite/statements.js";
import { text } from "../columns.js";
import type { NewJob, Posted } from "../persistence.js";
import { idTail } from "../rows.js";
import { bytesOfTexts } from "../texts.js";
import type { Prepared } from "../writing.js";

/** P-1 and P-3, inside a transaction. */
export function post(sql: Statements, prepared: Prepared, now: number): Posted {
  const { job, spec, params, words } = prepared;
  const known = job.key === undefined ? undefined : findKey(sql, job.key);
  if (known !== undefined) return known;
  if (sql.get("SELECT id FROM jobs WHERE id = ?", job.id) !== undefined) {
    return { posted: "existed", id: job.id }; // The same posting without a key, sent twice.
  }
  insertJob(sql, prepared, now);
  sql.run("INSERT INTO job_texts (job, spec, params) VALUES (?, ?, ?)", job.id, spec, params);
  for (const word of words) {
    sql.run("INSERT INTO job_words (job, word) VALUES (?, ?)", job.id, word);
  }
  if (job.key !== undefined) {
    const { key, bodyHash } = job.key;
    sql.run(
      "INSERT INTO post_keys (key, job, body_hash, at) VALUES (?, ?, ?, ?)",
      ...[key, job.id, bodyHash, now],
    );
  }
  return { posted: "created", id: job.id };
}

export function findKey(sql: Statements, wanted: NonNullable<NewJob["key"]>): Posted | undefined {
  const row = sql.get(
    `SELECT k.job, k.body_hash, j.id FROM post_keys k LEFT JOIN jobs j ON j.id = k.job
     WHERE k.key = ?`,
    wanted.key,
  );
  if (row === undefined) return undefined;
  const id = text(row, "job");
  if (text(row, "body_hash") !== wanted.bodyHash) return { posted: "conflict", id };
  return { posted: row.id === null ? "removed" : "existed", id };
}

function insertJob(sql: Statements, prepared: Prepared, now: number): void {
  const { job } = prepared;
  sql.run(
    `INSERT INTO jobs (id, id_tail, flow, version, signature, flow_hash, name, priority, run_at,
       posted_via, posted_at, state, token, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'WAITING', 0, ?)`,
    ...[job.id, idTail(job.id), job.needs.flow, job.needs.version, toSignature(job.needs)],
    ...[job.flowHash, job.name, job.priority, job.runAt ?? null, job.postedVia, now],
    bytesOfTexts(prepared),
  );
}
