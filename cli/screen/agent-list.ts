import type { AgentView } from "../../common/wire.js";
import type { Colour, Style } from "./style.js";
import { type Cell, renderTable, renderTabs } from "./table.js";
import { clean } from "./text.js";

/** `jobrunner agents`. */
export function renderAgents(style: Style, agents: readonly AgentView[]): string {
  const rows = agents.map((agent): readonly Cell[] => [
    { text: agent.name },
    { text: agent.state, paint: (text) => style.paint(COLOURS[agent.state], text) },
    { text: busyOf(agent) },
    { text: agent.version ?? "-" },
    { text: agent.url },
    { text: agent.note ?? agent.tags.join(" ") },
  ]);
  if (!style.tty) return renderTabs(rows);
  const columns = [
    { title: "AGENT" },
    { title: "STATE" },
    { title: "BUSY" },
    { title: "VERSION" },
    { title: "ADDRESS", flexible: true },
    { title: "TAGS", flexible: true },
  ];
  return renderTable(style, columns, rows);
}

/** `jobrunner agents NAME`: one line a fact. */
export function renderAgent(style: Style, agent: AgentView): string {
  const { name, state, url, machine, version, tags, facts, jobs = [], note } = agent;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["state", note === undefined ? state : `${state} (${note})`],
    ["address", url],
    ["machine", machine],
    ["version", version],
    ["busy", busyOf(agent)],
    ["tags", tags.join(" ")],
    ...Object.entries(facts),
    ["jobs", jobs.join(" ")],
  ];
  const shown = lines.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...shown.map(([key]) => key.length));
  return [
    style.paint("bold", name),
    ...shown.map(([key, value = ""]) => `  ${key.padEnd(width)}  ${clean(value)}`),
  ].join("\n");
}

const COLOURS: Readonly<Record<AgentView["state"], Colour>> = {
  ready: "green",
  cordoned: "yellow",
  draining: "yellow",
  unreachable: "red",
  gone: "dim",
};

function busyOf({ slots }: AgentView): string {
  return slots === undefined ? "-" : `${String(slots.busy)}/${String(slots.total)}`;
}
