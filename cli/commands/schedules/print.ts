import type { ScheduleDetailView, ScheduleView } from "../../../common/wire/schedules.js";
import type { OutputFormat } from "../../options.js";
import { renderScheduleLine, renderSchedules } from "../../screen/schedules/schedule-list.js";
import { renderSchedule } from "../../screen/schedules/schedule.js";
import type { Terminal } from "../../terminal.js";

export function printSchedules(
  terminal: Terminal,
  output: OutputFormat | undefined,
  schedules: readonly ScheduleView[],
): void {
  switch (output ?? "table") {
    case "json":
      terminal.print(JSON.stringify({ items: schedules }, undefined, 2));
      break;
    case "jsonl":
      terminal.print(schedules.map((each) => JSON.stringify(each)).join("\n"));
      break;
    case "name":
      terminal.print(schedules.map(({ name }) => name).join("\n"));
      break;
    case "table":
      terminal.print(renderSchedules(terminal.out, schedules, Date.now()));
  }
}

export function printSchedule(
  terminal: Terminal,
  output: OutputFormat | undefined,
  schedule: ScheduleDetailView,
): void {
  switch (output ?? "table") {
    case "json":
      terminal.print(JSON.stringify(schedule, undefined, 2));
      break;
    case "jsonl":
      terminal.print(JSON.stringify(schedule));
      break;
    case "name":
      terminal.print(schedule.name);
      break;
    case "table":
      if (terminal.out.tty) terminal.print(renderSchedule(terminal.out, schedule, Date.now()));
      else terminal.print(renderScheduleLine(schedule));
  }
}
