import type { AgentView } from "../../common/wire.js";
import { shortId } from "./job-list.js";
import { type Colour, dash, type Style } from "./style.js";
import { type Cell, type Column, renderTable, renderTabs } from "./table.js";
import { clean } from "./text.js";
import { asleepText, heardText } from "./time.js";

/** `jobrunner agents`. `now`: ms since 1970. */
export function renderAgents(style: Style, agents: readonly AgentView[], now: number): string {
  const columns = style.wide ? [...COLUMNS, ...MORE] : COLUMNS;
  if (!style.tty) {
    return renderTabs(agents.map((agent) => columns.map(({ of }) => of(agent, { style, now }))));
  }
  // Most clusters have no batteries, and one version.
  const shown = columns.filter(({ optional, wide, of }) => {
    if (style.wide) return true;
    if (wide === true && style.columns < WIDE) return false;
    const texts = new Set(agents.map((agent) => of(agent, { style, now }).text));
    return (
      optional === undefined || texts.size > 1 || (optional === "empty" && !texts.has(dash(style)))
    );
  });
  return renderTable(
    style,
    shown,
    agents.map((agent) => shown.map(({ of }) => of(agent, { style, now }))),
  );
}

interface At {
  readonly style: Style;
  readonly now: number;
}

interface AgentColumn extends Column {
  /** Left out when all agents have nothing there, or the same. */
  readonly optional?: "empty" | "same";
  /** Left out on narrow terminals: names are enough to reach agents. */
  readonly wide?: boolean;
  of(agent: AgentView, at: At): Cell;
}

/** Columns of a terminal that has room for all. */
const WIDE = 100;

const COLUMNS: readonly AgentColumn[] = [
  { title: "AGENT", of: ({ name }) => ({ text: name }) },
  {
    title: "STATE",
    of: ({ state }, { style }) => ({
      text: state,
      paint: (text) => style.paint(COLOURS[state], text),
    }),
  },
  { title: "BUSY", of: (agent, { style }) => ({ text: busyOf(agent) ?? dash(style) }) },
  { title: "SYSTEM", of: (agent, { style }) => ({ text: systemOf(agent) ?? dash(style) }) },
  {
    title: "FREE",
    of: (agent, { style }) => ({ text: known(agent, "memory_free") ?? dash(style) }),
  },
  { title: "LOAD", of: (agent, { style }) => ({ text: known(agent, "load") ?? dash(style) }) },
  {
    title: "BATTERY",
    optional: "empty",
    of: (agent, { style }) => ({ text: batteryOf(agent) ?? dash(style) }),
  },
  {
    title: "VERSION",
    optional: "same",
    of: ({ version }, { style }) => ({ text: version ?? dash(style) }),
  },
  {
    title: "ADDRESS",
    flexible: true,
    wide: true,
    of: ({ url }, { style }) => ({ text: url?.replace("http://", "") ?? dash(style) }),
  },
  {
    title: "NOTE",
    ...({ flexible: true, optional: "empty" } as const),
    of: (agent, { style, now }) => ({ text: noteOf(agent, now) ?? dash(style) }),
  },
];

/** Of `-o wide` alone. */
const MORE: readonly AgentColumn[] = [
  { title: "MACHINE", of: ({ machine }, { style }) => ({ text: machine ?? dash(style) }) },
  { title: "TAGS", of: ({ tags }, { style }) => ({ text: tags.join(" ") || dash(style) }) },
  {
    title: "JOBS",
    of: ({ jobs = [] }, { style }) => ({ text: jobs.map(shortId).join(" ") || dash(style) }),
  },
];

/** `jobrunner agents NAME`: one line a fact. */
export function renderAgent(style: Style, agent: AgentView, now: number): string {
  const { name, state, url, machine, version, tags, facts, jobs = [] } = agent;
  const silent = silenceOf(agent, now);
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["state", silent === undefined ? state : `${state} (${silent})`],
    ["address", url],
    ["machine", machine],
    ["version", version],
    ["busy", busyOf(agent)],
    ["jobs", jobs.map(shortId).join(" ")],
    ["tags", tags.join(" ")],
  ];
  const shown = lines.filter(([, value]) => value !== undefined && value !== "");
  const known = Object.entries(facts);
  const width = Math.max(...[...shown, ...known].map(([key]) => key.length));
  const line = ([key, value = ""]: readonly [string, string | undefined]): string =>
    `  ${clean(key).padEnd(width)}  ${clean(value)}`;
  const heading = agent.heardAt === undefined ? "facts" : "facts, as known then";
  return [
    style.paint("bold", clean(name)),
    ...shown.map(line),
    ...(known.length === 0 ? [] : ["", style.paint("bold", heading), ...known.map(line)]),
  ].join("\n");
}

const COLOURS: Readonly<Record<AgentView["state"], Colour>> = {
  ready: "green",
  paused: "yellow",
  cordoned: "yellow",
  draining: "yellow",
  unreachable: "red",
  asleep: "dim",
  gone: "dim",
};

function busyOf({ slots }: AgentView): string | undefined {
  return slots === undefined ? undefined : `${String(slots.busy)}/${String(slots.total)}`;
}

function known({ facts }: AgentView, name: string): string | undefined {
  const text = facts[name];
  return text === undefined || text.startsWith("unknown") ? undefined : text;
}

function systemOf(agent: AgentView): string | undefined {
  const parts = [known(agent, "arch"), known(agent, "os")].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" ");
}

function batteryOf(agent: AgentView): string | undefined {
  const battery = known(agent, "battery");
  if (battery === undefined || battery === "none") return undefined;
  return known(agent, "on_mains") === "yes" ? `${battery}, mains` : battery;
}

/** Why it does not answer, or how its owner calls it. */
function noteOf(agent: AgentView, now: number): string | undefined {
  const silent = silenceOf(agent, now);
  if (silent !== undefined) return silent;
  const said = [known(agent, "arch"), known(agent, "os")];
  const own = agent.tags.filter((tag) => !said.includes(tag) && !tag.startsWith("board-"));
  return own.length === 0 ? undefined : own.join(" ");
}

function silenceOf({ note, heardAt, asleepSince }: AgentView, now: number): string | undefined {
  if (asleepSince !== undefined) return asleepText(asleepSince, now);
  const heard = heardAt === undefined ? undefined : heardText(heardAt, now);
  const parts = [heard, note].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(", ");
}
