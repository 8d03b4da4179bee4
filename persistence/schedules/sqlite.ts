import { SCHEDULES_MAX } from "../../common/wire/schedules.js";
import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer, text } from "../columns.js";
import { toJson } from "../texts.js";
import {
  type Added,
  type DueSchedules,
  type NewSchedule,
  type ScheduleStore,
  type Step,
} from "./port.js";
import { SUMMARY_COLUMNS, toDue, toScheduleRow, toSummary } from "./rows.js";

/** Of the file's database. */
export function schedulesInFile(database: Database, now: () => number): ScheduleStore {
  const change = async (statement: string, ...params: readonly (string | number)[]) => {
    await database.write((sql) => sql.run(statement, ...params));
  };
  return {
    async add(schedule) {
      const job = toJson(schedule.job, "The posting");
      return database.write((sql) => add(sql, schedule, { job, now: now() }));
    },
    async get(name) {
      const statement = `SELECT ${SUMMARY_COLUMNS}, job FROM schedules WHERE name = ?`;
      const row = await database.read((sql) => sql.get(statement, name));
      return row === undefined ? undefined : toScheduleRow(row);
    },
    async list(limit, after = "") {
      const statement = `SELECT ${SUMMARY_COLUMNS} FROM schedules WHERE name > ?
        ORDER BY name LIMIT ?`;
      return (await database.read((sql) => sql.all(statement, after, limit))).map(toSummary);
    },
    due: () => database.read((sql) => due(sql, now())),
    advance: (id, seen, step) => database.write((sql) => advance(sql, id, { seen, step })),
    complain: (id, seen, trouble) =>
      change("UPDATE schedules SET trouble = ? WHERE id = ? AND due_at = ?", trouble, id, seen),
    pause: (id) => change("UPDATE schedules SET due_at = NULL WHERE id = ?", id),
    resume: (id, dueAt) =>
      change("UPDATE schedules SET due_at = ? WHERE id = ? AND due_at IS NULL", dueAt, id),
    remove: (id) => change("DELETE FROM schedules WHERE id = ?", id),
  };
}

interface Adding {
  readonly job: string;
  readonly now: number;
}

function add(sql: Statements, schedule: NewSchedule, { job, now }: Adding): Added {
  const { id, name, cron, tz, catchUp, bodyHash, dueAt, madeVia } = schedule;
  const known = sql.get("SELECT body_hash FROM schedules WHERE name = ?", name);
  if (known !== undefined) return text(known, "body_hash") === bodyHash ? "existed" : "taken";
  const count = sql.get("SELECT count(*) AS n FROM schedules") ?? {};
  if (integer(count, "n") >= SCHEDULES_MAX) return "full";
  sql.run(
    `INSERT INTO schedules (id, name, flow, job, body_hash, cron, tz, catch_up, due_at,
       made_at, made_via)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[id, name, schedule.job.flow, job, bodyHash, cron, tz, catchUp, dueAt, now, madeVia],
  );
  return "added";
}

/** A clock that stands still would be asked twice for what is due and what is not: one moment. */
function due(sql: Statements, now: number): DueSchedules {
  return toDue([
    ...sql.all(
      "SELECT id, name, due_at FROM schedules WHERE due_at <= ? ORDER BY due_at LIMIT ?",
      ...[now, SCHEDULES_MAX],
    ),
    { ...sql.get("SELECT min(due_at) AS due_at FROM schedules WHERE due_at > ?", now), at: now },
  ]);
}

interface Advancing {
  readonly seen: number;
  readonly step: Step;
}

function advance(sql: Statements, id: string, { seen, step }: Advancing): boolean {
  const { dueAt, posted, skipped } = step;
  const changed =
    posted === undefined
      ? sql.run("UPDATE schedules SET due_at = ? WHERE id = ? AND due_at = ?", ...[dueAt, id, seen])
      : sql.run(
          `UPDATE schedules SET due_at = ?, last_due_at = ?, last_job = ?, trouble = NULL
           WHERE id = ? AND due_at = ?`,
          ...[dueAt, posted.dueAt, posted.job, id, seen],
        );
  if (changed === 1 && skipped !== undefined) {
    sql.run(
      "UPDATE schedules SET skipped_from = ?, skipped_to = ? WHERE id = ?",
      ...[skipped.from, skipped.to, id],
    );
  }
  return changed === 1;
}
