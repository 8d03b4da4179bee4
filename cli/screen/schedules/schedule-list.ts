import type { ScheduleView } from "../../../common/wire/schedules.js";
import { dash, type Style } from "../style.js";
import { type Cell, renderTable, renderTabs } from "../table.js";
import { age, between, untilThen } from "../time.js";

/** `jobrunner schedule list`. `now`: ms since 1970. */
export function renderSchedules(
  style: Style,
  schedules: readonly ScheduleView[],
  now: number,
): string {
  if (!style.tty) return schedules.map(renderScheduleLine).join("\n");
  const columns = [
    { title: "SCHEDULE" },
    { title: "FLOW", flexible: true },
    { title: "CRON" },
    { title: "ZONE", flexible: true },
    { title: "NEXT" },
    { title: "LAST" },
  ];
  const rows = schedules.map((schedule): readonly Cell[] => {
    const { name, flow, cron, tz, lastDueAt } = schedule;
    const none = dash(style);
    return [
      ...[name, flow, cron, tz].map((text) => ({ text })),
      nextCell(style, schedule, now),
      { text: lastDueAt === undefined ? none : `${age(between(lastDueAt, undefined, now))} ago` },
    ];
  });
  return renderTable(style, columns, rows);
}

function nextCell(style: Style, { paused, dueAt, trouble }: ScheduleView, now: number): Cell {
  if (paused || dueAt === undefined) {
    return { text: "paused", paint: (text) => style.paint("dim", text) };
  }
  const inMs = Date.parse(dueAt) - now;
  if (trouble === undefined && inMs >= 0) return { text: `in ${untilThen(inMs)}` };
  const text = inMs < 0 ? `late ${age(-inMs)}` : `in ${untilThen(inMs)}, trouble`;
  return { text, paint: (part) => style.paint("yellow", part) };
}

/** One line for programs: the same fields of every schedule. */
export function renderScheduleLine(schedule: ScheduleView): string {
  const { name, flow, cron, tz, catchUp, paused, dueAt, lastDueAt, lastJob } = schedule;
  const state = paused ? "paused" : "active";
  const texts = [name, flow, cron, tz, catchUp, state, dueAt, lastDueAt, lastJob];
  return renderTabs([texts.map((text = "-") => ({ text }))]);
}
