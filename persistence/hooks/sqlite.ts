import type { JobState } from "../../common/job.js";
import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import type { Forsaking, HookCall, HookStore, TakenCall, TakenCalls, Taking } from "./port.js";
import { inMs, toCall } from "./rows.js";

/** What becomes of a job, of which hooks are to hear. */
export interface Heard {
  readonly job: string;
  readonly state: JobState;
  readonly now: number;
  readonly hooks: readonly HookCall[] | undefined;
}

/** Inside the transaction that changes the job. */
export function noteHooks(sql: Statements, { job, state, now, hooks = [] }: Heard): void {
  for (const { id, hook } of hooks) {
    sql.run(
      `INSERT INTO hook_calls (id, hook, job, state, at, due_at, tries) VALUES (?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (id) DO NOTHING`,
      ...[id, hook, job, state, now, now],
    );
  }
}

/** Of the file's database. */
export function hooksInFile(database: Database, now: () => number): HookStore {
  return {
    async take(taking) {
      const seen = await database.read((sql) => look(sql, taking, now()));
      if (seen.calls.length === 0) return seen;
      // Nobody writes beside this transaction: what it finds is free.
      return database.write((sql) => {
        const found = look(sql, taking, now());
        return {
          ...found,
          calls: found.calls.map((call) => hold(sql, call, now() + taking.leaseMs)),
        };
      });
    },
    done: (id) =>
      database.write((sql) => {
        sql.run("DELETE FROM hook_calls WHERE id = ?", id);
      }),
    later: (id, ms) =>
      database.write((sql) => {
        sql.run("UPDATE hook_calls SET due_at = ? WHERE id = ?", now() + ms, id);
      }),
    async forsake(forsaking) {
      const seen = await database.read((sql) => forsaken(sql, forsaking, now()));
      if (seen.length === 0) return seen;
      return database.write((sql) => {
        const found = forsaken(sql, forsaking, now());
        for (const { id } of found) sql.run("DELETE FROM hook_calls WHERE id = ?", id);
        return found;
      });
    },
  };
}

function forsaken(
  sql: Statements,
  { hooks, overdueMs, limit }: Forsaking,
  now: number,
): readonly TakenCall[] {
  const rows = sql.all(
    `SELECT * FROM hook_calls WHERE due_at <= ?
       AND hook NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at, id LIMIT ?`,
    ...[now - overdueMs, JSON.stringify(hooks), limit],
  );
  return rows.map(toCall);
}

function look(sql: Statements, { hooks, limit }: Taking, now: number): TakenCalls {
  const mine = "hook IN (SELECT value FROM json_each(?))";
  const names = JSON.stringify(hooks);
  const rows = sql.all(
    `SELECT * FROM hook_calls WHERE due_at <= ? AND ${mine} ORDER BY due_at, id LIMIT ?`,
    ...[now, names, limit],
  );
  const next = sql.get(
    `SELECT min(due_at) AS due_at FROM hook_calls WHERE due_at > ? AND ${mine}`,
    ...[now, names],
  );
  return { now, calls: rows.map(toCall), ...inMs(next, now) };
}

function hold(
  sql: Statements,
  { id, hook, job, state, at, tries }: TakenCall,
  until: number,
): TakenCall {
  sql.run("UPDATE hook_calls SET due_at = ?, tries = tries + 1 WHERE id = ?", until, id);
  return { id, hook, job, state, at, tries: tries + 1 };
}
