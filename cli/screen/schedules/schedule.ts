import type { CatchUp, ScheduleDetailView } from "../../../common/wire/schedules.js";
import { ellipsis, type Style } from "../style.js";
import { clean, fit, wrap } from "../text.js";
import { age, between, clockTime, untilThen } from "../time.js";
import { storeText } from "../value.js";

/** `jobrunner schedule show NAME`. `now`: ms since 1970. */
export function renderSchedule(style: Style, schedule: ScheduleDetailView, now: number): string {
  const { name, flow, cron, tz, catchUp, job, madeAt, madeVia, trouble } = schedule;
  const { priority = 0, require = [], params = {} } = job;
  const facts: readonly (readonly [string, string])[] = [
    ["cron", `${cron}   ${tz}`],
    ["missed", MISSED[catchUp]],
    ["next", nextText(schedule, now)],
    ["last", lastText(schedule, now)],
    ["skipped", skippedText(schedule, now)],
    ["trouble", trouble ?? ""],
    ["label", job.name ?? ""],
    ["params", storeText(params)],
    ["priority", priority === 0 ? "" : String(priority)],
    ["needs", require.join(", ")],
    ["made", `${age(between(madeAt, undefined, now))} ago via ${madeVia}`],
  ];
  const lines = facts
    .filter(([, text]) => text !== "")
    .map(([title, text]) => factText(style, title, clean(text)));
  return [`${style.paint("bold", clean(name))}   ${clean(flow)}`, ...lines].join("\n");
}

/** Where facts begin, behind their titles. */
const INDENT = 9;
/** Lines that one of them may take; parameters of kilobytes are for `-o json`. */
const FACT_LINES = 4;

function factText(style: Style, title: string, text: string): string {
  const room = Math.max(1, style.columns - INDENT);
  const lines = wrap(fit(text, room * FACT_LINES, ellipsis(style)), room);
  return style.paint("dim", title.padEnd(INDENT)) + lines.join(`\n${" ".repeat(INDENT)}`);
}

const MISSED: Readonly<Record<CatchUp, string>> = {
  none: "due times that no agent could post for are skipped",
  one: "one job for all due times that no agent could post for",
  all: "one job for each due time that no agent could post for",
};

function nextText({ paused, dueAt }: ScheduleDetailView, now: number): string {
  if (paused || dueAt === undefined) return "paused";
  const due = Date.parse(dueAt);
  const when = due < now ? `late by ${age(now - due)}` : `in ${untilThen(due - now)}`;
  return `${clockTime(due, now)}   ${when}`;
}

function lastText({ lastDueAt, lastJob }: ScheduleDetailView, now: number): string {
  if (lastDueAt === undefined || lastJob === undefined) return "";
  return `${clockTime(Date.parse(lastDueAt), now)}   job ${lastJob}`;
}

function skippedText({ skipped }: ScheduleDetailView, now: number): string {
  if (skipped === undefined) return "";
  const [from, to] = [skipped.from, skipped.to].map((time) => clockTime(Date.parse(time), now));
  return from === to ? `${from}` : `${from} to ${to}`;
}
