import type { Statements } from "../../sqlite/statements.js";
import type { Claimed, Posting, Renewed } from "../board.js";
import { noteChange } from "./schema.js";

/*
 * The acts on entries, each inside one transaction. `now` and all times are the lease clock's,
 * milliseconds. Times are stored as at least 1, as 0 means "claimable".
 */

/** The new claim of an entry, and when it ends. */
export interface Lease {
  readonly claimId: string;
  readonly now: number;
  readonly leaseMs: number;
}

export function put(sql: Statements, postings: readonly Posting[], now: number): void {
  let added = 0;
  for (const posting of postings) added += insert(sql, posting, { now, claim: null });
  if (added > 0) noteChange(sql);
}

interface Placing {
  readonly now: number;
  readonly claim: string | null;
}

/** 0 when the board knows the id already, in whatever state. */
function insert(sql: Statements, posting: Posting, { now, claim }: Placing): number {
  const { id, signature, priority, delayMs } = posting;
  if (sql.get("SELECT 1 FROM board_entries WHERE id = ?", id) !== undefined) return 0;
  sql.run("INSERT INTO board_signatures (text) VALUES (?) ON CONFLICT DO NOTHING", signature);
  const readyAt = delayMs > 0 ? at(now, delayMs) : 0;
  return sql.run(
    `INSERT INTO board_entries (id, signature, rank, ready_at, claim)
     SELECT ?, id, ?, ?, ? FROM board_signatures WHERE text = ?`,
    ...[id, -priority, readyAt, claim, signature],
  );
}

export function reprioritise(sql: Statements, id: string, priority: number): void {
  sql.run("UPDATE board_entries SET rank = ? WHERE id = ?", -priority, id);
}

export function claim(sql: Statements, id: string, { claimId, now, leaseMs }: Lease): Claimed {
  const changed = sql.run(
    `UPDATE board_entries SET claim = ?, ready_at = ?
     WHERE id = ? AND (ready_at <= ? OR claim = ?)`,
    ...[claimId, at(now, leaseMs), id, now, claimId],
  );
  if (changed === 1) return "claimed";
  return holderOf(sql, id) === undefined ? "gone" : "taken";
}

/** Puts and claims; an entry that a sweep has put meanwhile is taken whatever its delay. */
export function reclaim(sql: Statements, posting: Posting, lease: Lease): Claimed {
  const { claimId, now, leaseMs } = lease;
  if (insert(sql, { ...posting, delayMs: leaseMs }, { now, claim: claimId }) === 1)
    return "claimed";
  const changed = sql.run(
    `UPDATE board_entries SET claim = ?, ready_at = ?
     WHERE id = ? AND (claim IS NULL OR claim = ?)`,
    ...[claimId, at(now, leaseMs), posting.id, claimId],
  );
  return changed === 1 ? "claimed" : "taken";
}

/** A lease that ran out is renewed as well, as long as nobody else took the entry. */
export function renew(sql: Statements, id: string, { claimId, now, leaseMs }: Lease): Renewed {
  const changed = sql.run(
    "UPDATE board_entries SET ready_at = ? WHERE id = ? AND claim = ?",
    ...[at(now, leaseMs), id, claimId],
  );
  if (changed === 1) return "ok";
  const holder = holderOf(sql, id);
  return holder === undefined || holder === null ? "gone" : "taken";
}

export interface Leaving {
  readonly claimId: string;
  readonly now: number;
  readonly delayMs: number;
}

export function abandon(sql: Statements, id: string, { claimId, now, delayMs }: Leaving): void {
  const changed = sql.run(
    "UPDATE board_entries SET claim = NULL, ready_at = ? WHERE id = ? AND claim = ?",
    ...[delayMs > 0 ? at(now, delayMs) : 0, id, claimId],
  );
  if (changed === 1) noteChange(sql);
}

export function consume(sql: Statements, id: string, claimId: string): void {
  const signature = signatureOf(sql, id);
  if (sql.run("DELETE FROM board_entries WHERE id = ? AND claim = ?", id, claimId) === 1) {
    forgetUnused(sql, signature);
  }
}

export function remove(sql: Statements, id: string, now: number): void {
  const signature = signatureOf(sql, id);
  const changed = sql.run(
    "DELETE FROM board_entries WHERE id = ? AND (claim IS NULL OR ready_at <= ?)",
    ...[id, now],
  );
  if (changed === 1) forgetUnused(sql, signature);
}

/** Makes claimable what has waited or been held long enough. */
export function ripen(sql: Statements, now: number): void {
  sql.run("UPDATE board_entries SET ready_at = 0 WHERE ready_at > 0 AND ready_at <= ?", now);
}

/** Null when nobody holds it, undefined when there is no such entry. */
function holderOf(sql: Statements, id: string): string | null | undefined {
  const row = sql.get("SELECT claim FROM board_entries WHERE id = ?", id);
  if (row === undefined) return undefined;
  return typeof row.claim === "string" ? row.claim : null;
}

function signatureOf(sql: Statements, id: string): number {
  return Number(sql.get("SELECT signature FROM board_entries WHERE id = ?", id)?.signature ?? -1);
}

function forgetUnused(sql: Statements, signature: number): void {
  sql.run(
    `DELETE FROM board_signatures WHERE id = ?
       AND NOT EXISTS (SELECT 1 FROM board_entries WHERE signature = ?)`,
    ...[signature, signature],
  );
}

function at(now: number, ms: number): number {
  return Math.max(1, Math.ceil(now + ms));
}
