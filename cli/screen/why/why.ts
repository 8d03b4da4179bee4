import { isEnded } from "../../../common/job.js";
import type {
  AgentWhyView,
  LastKnownView,
  RequirementView,
  WhyView,
} from "../../../common/wire.js";
import { startByText } from "../job/job.js";
import { shortId } from "../job-list.js";
import { dash, stateText, type Style } from "../style.js";
import { renderTable, renderTabs, type Cell } from "../table.js";
import { clean, wrap } from "../text.js";
import { age, asleepText, between, heardText } from "../time.js";

/** Where lines below a heading begin. */
const INDENT = "  ";

/** `why JOB`: what is asked of an agent against each agent, the closest one, what would help. */
export function renderWhy(style: Style, why: WhyView, now: number): string {
  if (!style.tty) return renderTabs(plainRows(why));
  const sections = [
    headline(style, why, now),
    why.obstacles.map((obstacle) => lines(style, `but ${obstacle.why}`)).join("\n"),
    renderVerdicts(style, why.agents, now),
    lines(style, why.note ?? ""),
    advice(style, why),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** For programs: how it stands, then each obstacle, then each requirement of each agent. */
function plainRows({
  job,
  owner,
  trouble = "",
  possible,
  agents,
  obstacles,
  closest,
  note,
}: WhyView): readonly (readonly Cell[])[] {
  const near = closest === undefined ? "" : `closest: ${closest.agent}, ${closest.short} short`;
  const whole = [job.id, owner ?? "*", job.state, possible ? "yes" : "no", trouble, near];
  const all = obstacles.map(({ why }) => [job.id, "*", why, "no", "", ""]);
  const others = note === undefined ? [] : [othersRow(note)];
  const each = [...requirementRows(agents), ...others].map((row) => [job.id, ...row]);
  return [whole, ...all, ...each].map((row) => row.map((text) => ({ text })));
}

/** For programs: each requirement of each agent. */
export function requirementRows(agents: readonly AgentWhyView[]): readonly (readonly string[])[] {
  return agents.flatMap(({ agent, requirements }) =>
    requirements.map(({ what, verdict, observed = "", needed = "" }) => [
      ...[agent, what, verdict, observed, needed],
    ]),
  );
}

/** The same of the agents that could not be asked. */
export function othersRow(note: string): readonly string[] {
  return ["*", "answers", "unknown", note, ""];
}

/** Who has what, then what is missing where, in words. */
export function renderVerdicts(style: Style, agents: readonly AgentWhyView[], now: number): string {
  if (agents.length === 0) return "";
  const parts = [renderMatrix(style, agents), details(style, agents, now)];
  return parts.filter((part) => part !== "").join("\n\n");
}

function headline(style: Style, why: WhyView, now: number): string {
  const { job } = why;
  const since = age(between(job.postedAt, undefined, now));
  const deadline = startByText(job, now).map((text) => `, ${text}`);
  const subject = `${clean(job.flow)} ${shortId(job.id)}`;
  return `${style.paint("bold", subject)}   ${stateText(style, job.state)}   posted ${since} ago${deadline.join("")}\n${lines(style, verdictOf(why))}`;
}

function verdictOf({ job, owner, trouble, possible, agents, obstacles }: WhyView): string {
  if (job.state !== "SCHEDULED" && isEnded(job.state)) return "It is over: see jobrunner show.";
  if (trouble !== undefined) return trouble;
  if (owner !== undefined) {
    return `${owner} works on it; should that agent be gone, its lease ends and another one goes on.`;
  }
  const able = agents.filter((each) => each.able).map(({ agent }) => agent);
  if (possible) return `It may start any moment on ${able.join(", ")}.`;
  if (obstacles.length > 0) return "It does not run now.";
  if (agents.length > 1) return "It does not run: no agent that was asked has all it needs.";
  return "It does not run: the agent that was asked does not have all it needs.";
}

function renderMatrix(style: Style, agents: readonly AgentWhyView[]): string {
  // By name: agents of other versions may ask for more, and one that is silent for nothing.
  const needed = new Set(agents.flatMap((each) => each.requirements.map(({ what }) => what)));
  const columns = [
    { title: "NEEDED", flexible: true },
    ...agents.map(({ agent }) => ({ title: clean(agent) })),
  ];
  const rows = [...needed].map((what) => [
    { text: what },
    ...agents.map(({ requirements }) =>
      markOf(
        style,
        requirements.find((each) => each.what === what),
      ),
    ),
  ]);
  return renderTable(style, columns, rows);
}

const MARKS = {
  yes: ["✔ yes", "+ yes", "green"],
  no: ["✘ no", "x no", "red"],
  unknown: ["? unknown", "? unknown", "yellow"],
} as const;

function markOf(style: Style, requirement: RequirementView | undefined): Cell {
  if (requirement === undefined) return { text: dash(style) };
  const [glyph, ascii, colour] = MARKS[requirement.verdict];
  const mark = style.unicode ? glyph : ascii;
  const { observed } = requirement;
  return {
    text: style.wide && observed !== undefined ? `${mark}: ${observed}` : mark,
    paint: (text) => style.paint(colour, text),
  };
}

/** What is missing where, in words: the matrix has no room for it. */
function details(style: Style, agents: readonly AgentWhyView[], now: number): string {
  return agents
    .filter(({ able }) => !able)
    .map(({ agent, requirements, last }) => {
      if (last !== undefined) return silentAgent(style, { agent, requirements, last }, now);
      const missing = missingOf(requirements).map((requirement) =>
        lines(style, `${INDENT}${requirement.what}: ${told(requirement)}`, 4),
      );
      return [`${clean(agent)} is ${countText(missing.length)} short`, ...missing].join("\n");
    })
    .join("\n\n");
}

/** One that does not answer: why not, and what was known of it when it did. */
function silentAgent(
  style: Style,
  {
    agent,
    requirements,
    last,
  }: Pick<AgentWhyView, "agent" | "requirements"> & {
    readonly last: LastKnownView;
  },
  now: number,
): string {
  if (last.asleepSince !== undefined) {
    return sleeper(style, { agent, requirements, asleep: asleepText(last.asleepSince, now) });
  }
  const why = requirements.map(({ observed = "" }) => observed).join("; ");
  const heard = last.heardAt === undefined ? "" : `, ${heardText(last.heardAt, now)}`;
  const facts = Object.entries(last.facts).map(([name, text]) => `${name} ${text}`);
  const known = facts.length === 0 ? "nothing" : facts.join("; ");
  return [
    `${clean(agent)} does not answer${heard}`,
    lines(style, `${INDENT}${why}`, 4),
    lines(style, `${INDENT}known of it then: ${known}`, 4),
  ].join("\n");
}

/** What of its last facts does not do, or that it would and what to do about it. */
function sleeper(
  style: Style,
  {
    agent,
    requirements,
    asleep,
  }: Pick<AgentWhyView, "agent" | "requirements"> & {
    readonly asleep: string;
  },
): string {
  const help = requirements.find(({ what }) => what === "awake")?.help;
  const missing = missingOf(requirements).filter(({ what }) => what !== "awake");
  return [
    `${clean(agent)} is ${asleep}, ${help === undefined ? "and would not fit" : `would fit: ${help}`}`,
    ...missing.map((each) => lines(style, `${INDENT}${each.what}: ${told(each)}`, 4)),
  ].join("\n");
}

function told({ observed = "no", needed, what }: RequirementView): string {
  return needed === undefined || needed === what ? observed : `${observed}; needed: ${needed}`;
}

/** The closest agent, and what would help there. */
function advice(style: Style, { agents, closest }: WhyView): string {
  if (closest === undefined) return "";
  const named = agents.find(({ agent, last }) => agent === closest.agent && last === undefined);
  const helps = missingOf(named?.requirements ?? []).flatMap(({ what, help }) =>
    help === undefined ? [] : [`${what}: ${help}`],
  );
  return [
    lines(style, `Closest: ${closest.agent}, ${countText(closest.short)} short`),
    ...(helps.length === 0 ? [] : ["What would help:"]),
    ...helps.map((help) => lines(style, `${INDENT}${help}`, 4)),
  ].join("\n");
}

function missingOf(requirements: readonly RequirementView[]): readonly RequirementView[] {
  return requirements.filter(({ verdict }) => verdict !== "yes");
}

export function countText(count: number): string {
  return count === 1 ? "one thing" : `${count} things`;
}

/** Wrapped to the terminal; lines after the first are indented. */
function lines(style: Style, text: string, indent = 0): string {
  const [first = "", ...rest] = wrap(clean(text), style.columns - indent);
  return [first, ...rest.map((line) => " ".repeat(indent) + line)].join("\n");
}
