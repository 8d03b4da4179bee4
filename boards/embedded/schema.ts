import { randomUUID } from "node:crypto";
import type { Statements } from "../../sqlite/statements.js";

/*
 * The board's tables. They hold nothing that persistence does not know, so they have no migrations.
 *
 * An entry is claimable when ready_at is 0. Otherwise ready_at is when it will be: the end of a
 * lease, or of a delay. Whoever looks sets those that have come to 0 (`ripen`), so that a survey
 * walks `board_ready` only: entries that others hold or that are delayed cost nothing.
 * rank is minus the priority, since an index of one direction can be compared as (rank, id).
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS board_facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS board_signatures (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS board_entries (
    id TEXT PRIMARY KEY,
    signature INTEGER NOT NULL REFERENCES board_signatures (id),
    rank INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    claim TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS board_ready ON board_entries (signature, rank, id) WHERE ready_at = 0;
  CREATE INDEX IF NOT EXISTS board_later ON board_entries (ready_at) WHERE ready_at > 0;
  CREATE INDEX IF NOT EXISTS board_claims ON board_entries (claim) WHERE claim IS NOT NULL;
  CREATE INDEX IF NOT EXISTS board_by_signature ON board_entries (signature);
`;

/** Makes the tables; after a reboot, when times of the old boot mean nothing, ends all leases. */
export function prepareBoard(sql: Statements, era: string): void {
  sql.exec(TABLES);
  sql.run("INSERT INTO board_facts VALUES ('changes', 0) ON CONFLICT DO NOTHING");
  const row = sql.get("SELECT value FROM board_facts WHERE name = 'era'");
  if (row?.value === era) return;
  sql.run("UPDATE board_entries SET ready_at = 0, claim = NULL");
  sql.run("INSERT OR REPLACE INTO board_facts VALUES ('era', ?)", era);
  noteChange(sql);
}

/** P-30: the identity is as old as the data, so it says whether the board was wiped. */
export function identify(sql: Statements): { readonly id: string; readonly stamped: boolean } {
  const fresh = randomUUID();
  const stamped =
    sql.run("INSERT INTO board_facts VALUES ('id', ?) ON CONFLICT DO NOTHING", fresh) === 1;
  return { id: identityOf(sql) ?? fresh, stamped };
}

export function identityOf(sql: Statements): string | undefined {
  const row = sql.get("SELECT value FROM board_facts WHERE name = 'id'");
  return typeof row?.value === "string" ? row.value : undefined;
}

/** Counts up whenever something may have become claimable: what waiting agents look at. */
export function noteChange(sql: Statements): void {
  sql.run("UPDATE board_facts SET value = value + 1 WHERE name = 'changes'");
}

export function changesOf(sql: Statements): number {
  return Number(sql.get("SELECT value FROM board_facts WHERE name = 'changes'")?.value ?? 0);
}
