import type { ScheduleDetailView, ScheduleView } from "../../../common/wire/schedules.js";
import type { Data } from "../../print.js";
import { renderScheduleLine, renderSchedules } from "../../screen/schedules/schedule-list.js";
import { renderSchedule } from "../../screen/schedules/schedule.js";
import type { Style } from "../../screen/style.js";

export function schedulesData(schedules: readonly ScheduleView[]): Data {
  const names = schedules.map(({ name }) => name);
  const table = (style: Style): string =>
    schedules.length === 0 ? "" : renderSchedules(style, schedules, Date.now());
  return { view: schedules, items: schedules, names, table };
}

export function scheduleData(schedule: ScheduleDetailView): Data {
  const table = (style: Style): string =>
    style.tty ? renderSchedule(style, schedule, Date.now()) : renderScheduleLine(style, schedule);
  return { view: schedule, names: [schedule.name], table };
}
