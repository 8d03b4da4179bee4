import { CATCH_UPS, type ScheduledJob } from "../../common/wire/schedules.js";
import { badColumn, type Columns, integer, isEmpty, json, oneOf, text } from "../columns.js";
import type { Due, DueSchedules, ScheduleRow, ScheduleSummary } from "./port.js";

/** All columns but the posting, which may be large. */
export const SUMMARY_COLUMNS =
  "id, name, flow, cron, tz, catch_up, due_at, last_due_at, last_job, skipped_from, skipped_to, " +
  "trouble, made_at, made_via";

export function toSummary(row: Columns): ScheduleSummary {
  const given = (column: string): boolean => !isEmpty(row, column);
  return {
    id: text(row, "id"),
    name: text(row, "name"),
    flow: text(row, "flow"),
    cron: text(row, "cron"),
    tz: text(row, "tz"),
    catchUp: oneOf(row, "catch_up", CATCH_UPS),
    madeAt: integer(row, "made_at"),
    madeVia: text(row, "made_via"),
    ...(given("due_at") && { dueAt: integer(row, "due_at") }),
    ...(given("last_job") && {
      last: { dueAt: integer(row, "last_due_at"), job: text(row, "last_job") },
    }),
    ...(given("skipped_from") && {
      skipped: { from: integer(row, "skipped_from"), to: integer(row, "skipped_to") },
    }),
    ...(given("trouble") && { trouble: text(row, "trouble") }),
  };
}

export function toScheduleRow(row: Columns): ScheduleRow {
  const job = json(row, "job");
  if (typeof job !== "object" || job === null || !("flow" in job)) {
    throw badColumn(row, "job", "a posting");
  }
  return { ...toSummary(row), job: job as unknown as ScheduledJob };
}

/** Of the rows of what is due, and one without an id that tells the time and what is next. */
export function toDue(rows: readonly Columns[]): DueSchedules {
  const time = rows.find((row) => isEmpty(row, "id")) ?? {};
  const due = rows.filter((row) => !isEmpty(row, "id")).map(toDueOne);
  return {
    now: integer(time, "at"),
    due,
    ...(!isEmpty(time, "due_at") && { nextAt: integer(time, "due_at") }),
  };
}

function toDueOne(row: Columns): Due {
  return { id: text(row, "id"), name: text(row, "name"), dueAt: integer(row, "due_at") };
}
