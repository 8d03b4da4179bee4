import type { Statements } from "../../sqlite/statements.js";
import type { Candidate, Survey } from "../board.js";
import { identityOf } from "./schema.js";

/* What agents look at before they claim: single statements outside a transaction. */

/** When the next entry becomes claimable by itself, on the lease clock. */
export function nextReadyAt(sql: Statements): number | undefined {
  const row = sql.get("SELECT min(ready_at) AS next FROM board_entries WHERE ready_at > 0");
  return typeof row?.next === "number" ? row.next : undefined;
}

/** One index probe for each signature, however many jobs wait under it. */
export function survey(sql: Statements, now: number): Survey {
  const rows = sql.all(
    `SELECT text FROM board_signatures AS s WHERE EXISTS
       (SELECT 1 FROM board_entries WHERE signature = s.id AND ready_at = 0)`,
  );
  const signatures = rows.map((row) => String(row.text));
  const next = nextReadyAt(sql);
  const boardId = identityOf(sql);
  return {
    signatures,
    ...(next === undefined ? {} : { nextInMs: Math.max(0, next - now) }),
    ...(boardId === undefined ? {} : { boardId }),
  };
}

interface Ranked extends Candidate {
  readonly rank: number;
}

/**
 * The first `limit` of all given signatures. Each is read in its own order, and only as far as it
 * can still better what the others gave: a further signature mostly costs one probe.
 */
export function candidates(
  sql: Statements,
  signatures: readonly string[],
  limit: number,
): readonly Candidate[] {
  let best: readonly Ranked[] = [];
  for (const signature of signatures) {
    const worst = best.length < limit ? undefined : best.at(-1);
    const better = readReady(sql, { signature, limit, worst });
    if (better.length > 0) best = [...best, ...better].sort(compare).slice(0, limit);
  }
  return best.map(({ id, signature }) => ({ id, signature }));
}

interface Range {
  readonly signature: string;
  readonly limit: number;
  readonly worst: Ranked | undefined;
}

const READY = `SELECT rank, id FROM board_entries
  WHERE signature = (SELECT id FROM board_signatures WHERE text = ?) AND ready_at = 0`;

function readReady(sql: Statements, { signature, limit, worst }: Range): readonly Ranked[] {
  const rows =
    worst === undefined
      ? sql.all(`${READY} ORDER BY rank, id LIMIT ?`, signature, limit)
      : sql.all(
          `${READY} AND (rank, id) < (?, ?) ORDER BY rank, id LIMIT ?`,
          ...[signature, worst.rank, worst.id, limit],
        );
  return rows.map((row) => ({ rank: Number(row.rank), id: String(row.id), signature }));
}

function compare(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || (a.id < b.id ? -1 : 1);
}

export function exists(sql: Statements, ids: readonly string[]): ReadonlySet<string> {
  const rows = sql.all(
    "SELECT id FROM board_entries WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify(ids),
  );
  return new Set(rows.map((row) => String(row.id)));
}

/** All claims named `<incarnation>.<n>` within their lease; "/" is the character after ".". */
export function held(
  sql: Statements,
  incarnation: string,
  now: number,
): ReadonlyMap<string, string> {
  const rows = sql.all(
    "SELECT id, claim FROM board_entries WHERE claim >= ? AND claim < ? AND ready_at > ?",
    ...[`${incarnation}.`, `${incarnation}/`, now],
  );
  return new Map(rows.map((row) => [String(row.id), String(row.claim)]));
}
