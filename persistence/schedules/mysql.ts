import { SCHEDULES_MAX } from "../../common/wire/schedules.js";
import { isDuplicate } from "../../mysql/faults.js";
import { Sql, sql } from "../../mysql/sql.js";
import { text } from "../columns.js";
import type { Transactions } from "../mysql/transaction.js";
import { toJson } from "../texts.js";
import { type Added, type NewSchedule, type ScheduleStore } from "./port.js";
import { SUMMARY_COLUMNS, toDue, toScheduleRow, toSummary } from "./rows.js";

const SUMMARY = new Sql(SUMMARY_COLUMNS);

/** Of a server's database. Every change is one statement: done twice it is harmless. */
export function schedulesOnServer(to: Transactions): ScheduleStore {
  const { database } = to;
  const change = async (statement: Sql): Promise<number> => {
    const { answers } = await database.write([statement]);
    return answers[0]?.changed ?? 0;
  };
  return {
    add: (schedule) => add(to, schedule),
    async get(name) {
      const [row] = await database.read(
        sql`SELECT ${SUMMARY}, job FROM schedules WHERE name = ${name}`,
      );
      return row === undefined ? undefined : toScheduleRow(row);
    },
    async list(limit, after = "") {
      const rows = await database.read(
        sql`SELECT ${SUMMARY} FROM schedules WHERE name > ${after} ORDER BY name LIMIT ${limit}`,
      );
      return rows.map(toSummary);
    },
    async due() {
      // The time of a statement stands still, so nothing is both due and next.
      const rows = await database.read(sql`
        SELECT * FROM (SELECT id, name, due_at, ${to.now} AS at FROM schedules
          WHERE due_at <= ${to.now} ORDER BY due_at LIMIT ${SCHEDULES_MAX}) AS come
        UNION ALL SELECT NULL, NULL, min(due_at), ${to.now} FROM schedules
          WHERE due_at > ${to.now}`);
      return toDue(rows);
    },
    async advance(id, seen, { dueAt, posted, skipped }) {
      const post =
        posted === undefined
          ? sql``
          : sql`, last_due_at = ${posted.dueAt}, last_job = ${posted.job}, trouble = NULL`;
      const skip =
        skipped === undefined
          ? sql``
          : sql`, skipped_from = ${skipped.from}, skipped_to = ${skipped.to}`;
      const changed = await change(sql`UPDATE schedules SET due_at = ${dueAt} ${post} ${skip}
        WHERE id = ${id} AND due_at = ${seen}`);
      return changed === 1;
    },
    async complain(id, seen, trouble) {
      await change(
        sql`UPDATE schedules SET trouble = ${trouble} WHERE id = ${id} AND due_at = ${seen}`,
      );
    },
    async pause(id) {
      await change(sql`UPDATE schedules SET due_at = NULL WHERE id = ${id}`);
    },
    async resume(id, dueAt) {
      await change(sql`UPDATE schedules SET due_at = ${dueAt} WHERE id = ${id} AND due_at IS NULL`);
    },
    async remove(id) {
      await change(sql`DELETE FROM schedules WHERE id = ${id}`);
    },
  };
}

/** The first of that name is inserted; whoever comes later is told by what is there. */
async function add(to: Transactions, schedule: NewSchedule): Promise<Added> {
  const { id, name, cron, tz, catchUp, bodyHash, dueAt, madeVia } = schedule;
  const job = toJson(schedule.job, "The posting");
  const insert = sql`INSERT INTO schedules (id, name, flow, job, body_hash, cron, tz, catch_up,
      due_at, made_at, made_via)
    SELECT ${id}, ${name}, ${schedule.job.flow}, ${job}, ${bodyHash}, ${cron}, ${tz}, ${catchUp},
      ${dueAt}, ${to.now}, ${madeVia}
    FROM (SELECT count(*) AS n FROM schedules) AS there WHERE there.n < ${SCHEDULES_MAX}`;
  try {
    const { answers } = await to.database.write([insert]);
    if (answers[0]?.changed === 1) return "added";
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const [there] = await to.database.read(
    sql`SELECT id, body_hash FROM schedules WHERE name = ${name}`,
  );
  if (there === undefined) return "full";
  // Ours, by a try that got no answer.
  if (text(there, "id") === id) return "added";
  return text(there, "body_hash") === bodyHash ? "existed" : "taken";
}
