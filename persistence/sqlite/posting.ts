import { toSignature } from "../../common/job.js";
import type { Statements } from "../../sqlite/statements.js";
import { text } from "../columns.js";
import { findHolder, insertControls } from "../flow-control/sqlite.js";
import type { NewJob, Posted } from "../persistence.js";
import { idTail } from "../rows.js";
import { bytesOfTexts } from "../texts.js";
import { KEPT_TOKEN, type Prepared } from "../writing.js";
import { endOwnership, insertOwnership } from "./ownership.js";

/** P-1 and P-3, inside a transaction. */
export function post(sql: Statements, prepared: Prepared, now: number): Posted {
  const { job, spec, params, words } = prepared;
  const known = job.key === undefined ? undefined : findKey(sql, job.key);
  if (known !== undefined) return known;
  if (sql.get("SELECT id FROM jobs WHERE id = ?", job.id) !== undefined) {
    return { posted: "existed", id: job.id }; // The same posting without a key, sent twice.
  }
  const spent = findSpent(sql, prepared);
  if (spent !== undefined) return { posted: "spent", id: spent };
  const held = findHolder(sql, job);
  if (held !== undefined) return held;
  insertJob(sql, prepared, now);
  sql.run("INSERT INTO job_texts (job, spec, params) VALUES (?, ?, ?)", job.id, spec, params);
  insertRetry(sql, prepared, now);
  insertControls(sql, job);
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

/** The retry to which the results were handed on that this one would keep. */
function findSpent(sql: Statements, { job, kept }: Prepared): string | undefined {
  if (job.retry === undefined || kept === undefined) return undefined;
  const row = sql.get("SELECT job FROM retries WHERE kept_of = ?", job.retry.of);
  return row === undefined ? undefined : text(row, "job");
}

function insertRetry(sql: Statements, { job, kept, required }: Prepared, now: number): void {
  const { id, retry } = job;
  if (required !== undefined) {
    sql.run("INSERT INTO requirements (job, clauses) VALUES (?, ?)", id, required);
  }
  if (retry === undefined) return;
  sql.run(
    "INSERT INTO retries (job, retry_of, kept_of) VALUES (?, ?, ?)",
    ...[id, retry.of, kept === undefined ? null : retry.of],
  );
  if (kept === undefined) return;
  const { by, body } = kept;
  const { owner } = by;
  insertOwnership(sql, { job: id, token: KEPT_TOKEN, ...by, at: now, firstSeq: 1 });
  endOwnership(sql, { job: id, token: KEPT_TOKEN, ended: "kept" }, now);
  sql.run(
    "INSERT INTO entries (job, seq, token, owner, at, body, bytes) VALUES (?, 1, ?, ?, ?, ?, ?)",
    ...[id, KEPT_TOKEN, owner, now, body, Buffer.byteLength(body)],
  );
}

function insertJob(sql: Statements, prepared: Prepared, now: number): void {
  const { job, kept } = prepared;
  sql.run(
    `INSERT INTO jobs (id, id_tail, flow, version, signature, flow_hash, name, priority, run_at,
       posted_via, posted_at, traceparent, state, token, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'WAITING', ?, ?)`,
    ...[job.id, idTail(job.id), job.needs.flow, job.needs.version, toSignature(job.needs)],
    ...[job.flowHash, job.name, job.priority, job.runAt ?? null, job.postedVia, now],
    ...[job.traceparent ?? null, kept === undefined ? 0 : KEPT_TOKEN, bytesOfTexts(prepared)],
  );
}
