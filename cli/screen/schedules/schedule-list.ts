import type { ScheduleView } from "../../../common/wire/schedules.js";
import { dash, type Style } from "../style.js";
import { type Cell, type Column, renderTable, renderTabs } from "../table.js";
import { age, between, untilThen } from "../time.js";

const COLUMNS: readonly Column[] = [
  { title: "SCHEDULE" },
  { title: "FLOW", flexible: true },
  { title: "CRON" },
  { title: "ZONE", flexible: true },
  { title: "NEXT" },
  { title: "LAST" },
];
/** Of `-o wide`, behind the others. */
const WIDE: readonly Column[] = ["MISSED", "LAST JOB", "VIA", "TROUBLE"].map((title) => ({
  title,
}));

/** `jobrunner schedule list`. `now`: ms since 1970. */
export function renderSchedules(
  style: Style,
  schedules: readonly ScheduleView[],
  now: number,
): string {
  if (!style.tty) return renderTabs(schedules.map((each) => plainRow(style, each)));
  const rows = schedules.map((schedule) => row(style, schedule, now));
  return renderTable(style, style.wide ? [...COLUMNS, ...WIDE] : COLUMNS, rows);
}

function row(style: Style, schedule: ScheduleView, now: number): readonly Cell[] {
  const { name, flow, cron, tz, catchUp, lastDueAt, lastJob, madeVia, trouble = "" } = schedule;
  const none = dash(style);
  const last = lastDueAt === undefined ? none : `${age(between(lastDueAt, undefined, now))} ago`;
  return [
    ...[name, flow, cron, tz].map((text) => ({ text })),
    nextCell(style, schedule, now),
    { text: last },
    ...(style.wide ? [catchUp, lastJob ?? none, madeVia, trouble].map((text) => ({ text })) : []),
  ];
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

/** One schedule for programs: the same fields as in a list. */
export function renderScheduleLine(style: Style, schedule: ScheduleView): string {
  return renderTabs([plainRow(style, schedule)]);
}

function plainRow({ wide }: Style, schedule: ScheduleView): readonly Cell[] {
  const { name, flow, cron, tz, catchUp, paused, dueAt, lastDueAt, lastJob } = schedule;
  const { madeVia, trouble } = schedule;
  const state = paused ? "paused" : "active";
  const texts = [name, flow, cron, tz, catchUp, state, dueAt, lastDueAt, lastJob];
  return [...texts, ...(wide ? [madeVia, trouble] : [])].map((text = "-") => ({ text }));
}
