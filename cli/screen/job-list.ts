import { isEnded } from "../../common/job.js";
import type { JobView } from "../../common/wire.js";
import { dash, stateCell, stateText, type Style } from "./style.js";
import { type Cell, type Column, renderTable, renderTabs } from "./table.js";
import { age, between, span, untilThen } from "./time.js";

const COLUMNS: readonly Column[] = [
  { title: "JOB" },
  { title: "FLOW", flexible: true },
  { title: "STATE" },
  { title: "OWNER", flexible: true },
  { title: "AGE" },
  { title: "NOTE", flexible: true },
];
/** Of `-o wide`, behind the others: what scripts count on keeps its place. */
const WIDE: readonly Column[] = ["VERSION", "PRIORITY", "VIA", "RUN AT", "ENDED"].map((title) => ({
  title,
}));

/** The end of an id differs between jobs; its beginning is the time, the same for a minute. */
export function shortId(id: string): string {
  return id.slice(-8);
}

/** `show` without a job. `now`: ms since 1970. */
export function renderJobs(style: Style, jobs: readonly JobView[], now: number): string {
  const rows = jobs.map((job) => [
    ...(style.tty ? row(style, job, now) : plainRow(job)),
    ...(style.wide ? wideCells(job, style.tty ? dash(style) : "-") : []),
  ]);
  if (!style.tty) return renderTabs(rows);
  return renderTable(style, style.wide ? [...COLUMNS, ...WIDE] : COLUMNS, rows);
}

/** One job as a line: what `post` and `wait` print. */
export function renderJobLine(style: Style, job: JobView, now: number): string {
  if (!style.tty) return renderTabs([plainRow(job)]);
  const parts = [stateText(style, job.state), job.id, job.flow, note(job, now)];
  return parts.filter((part) => part !== "").join("  ");
}

function row(style: Style, job: JobView, now: number): readonly Cell[] {
  return [
    { text: style.wide ? job.id : shortId(job.id) },
    { text: job.flow },
    stateCell(style, job.state),
    { text: job.agent ?? dash(style) },
    { text: age(between(job.postedAt, undefined, now)) },
    { text: note(job, now) },
  ];
}

/** The same columns for programs; the age is a time, and the id whole. */
function plainRow(job: JobView): readonly Cell[] {
  const cells = [job.id, job.flow, job.state, job.agent ?? "-", job.postedAt, plainNote(job)];
  return cells.map((text) => ({ text }));
}

function wideCells(job: JobView, none: string): readonly Cell[] {
  const { version, priority, postedVia, runAt = none, endedAt = none } = job;
  const cells = [`v${version}`, String(priority), postedVia, runAt, endedAt];
  return cells.map((text) => ({ text }));
}

function note(job: JobView, now: number): string {
  const label = job.name === job.flow ? [] : [job.name];
  return [...label, ...facts(job, now)].join(", ");
}

function plainNote(job: JobView): string {
  const label = job.name === job.flow ? [] : [job.name];
  const reason = job.reason === undefined ? [] : [`${job.reason.code}: ${job.reason.message}`];
  return [...label, ...reason].join(", ");
}

function facts(job: JobView, now: number): readonly string[] {
  const { state, runAt, request, reason } = job;
  if (reason?.code === "EXPIRED") return [`${reason.code}: ${reason.message}`];
  if (isOver(state)) return [...needsPerson(state), `took ${took(job, now)}`];
  if (state === "SCHEDULED" && runAt !== undefined) {
    return [`in ${untilThen(Date.parse(runAt) - now)}`];
  }
  if (reason !== undefined) return [`${reason.code}: ${reason.message}`];
  return request === undefined ? [] : [`${request} asked for`];
}

function isOver(state: JobView["state"]): boolean {
  return state !== "SCHEDULED" && isEnded(state);
}

function needsPerson(state: JobView["state"]): readonly string[] {
  return state === "FAILURE" ? ["needs a person"] : [];
}

/** From when it might run: what was posted for later did not take that long. */
export function took(job: Pick<JobView, "postedAt" | "runAt" | "endedAt">, now: number): string {
  const { postedAt, runAt = postedAt, endedAt } = job;
  const began = Date.parse(runAt) > Date.parse(postedAt) ? runAt : postedAt;
  return span(between(began, endedAt, now));
}
