import { maskedParams } from "../../common/text/secret.js";
import type { ScheduleDetailView, ScheduleView } from "../../common/wire/schedules.js";
import type { ScheduleRow, ScheduleSummary } from "../../persistence/persistence.js";
import { toTime } from "../jobs/views.js";

export function toScheduleView(schedule: ScheduleSummary): ScheduleView {
  const { name, id, flow, cron, tz, catchUp, dueAt, last, trouble, skipped } = schedule;
  return {
    ...{ name, id, flow, cron, tz, catchUp, paused: dueAt === undefined },
    ...(dueAt !== undefined && { dueAt: toTime(dueAt) }),
    ...(last !== undefined && { lastDueAt: toTime(last.dueAt), lastJob: last.job }),
    ...(trouble !== undefined && { trouble }),
    ...(skipped !== undefined && {
      skipped: { from: toTime(skipped.from), to: toTime(skipped.to) },
    }),
    madeAt: toTime(schedule.madeAt),
    madeVia: schedule.madeVia,
  };
}

export function toScheduleDetail(row: ScheduleRow): ScheduleDetailView {
  const { secrets, params, ...job } = row.job;
  const shown = params === undefined ? {} : { params: maskedParams(params, secrets) };
  return { ...toScheduleView(row), job: { ...job, ...shown } };
}
