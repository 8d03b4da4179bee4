import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CheckView, FlowView, NodeView } from "../../common/wire.js";
import { parametersOf } from "../../cli/commands/post/parameters.js";
import { createPostCommand } from "../../cli/commands/post/command.js";
import { renderAgent, renderAgents } from "../../cli/screen/agent-list.js";
import {
  renderCapabilities,
  renderCapability,
  renderTest,
} from "../../cli/screen/capabilities/capability-list.js";
import { renderFlow } from "../../cli/screen/flow.js";
import { renderFlows, renderFlowsHelp } from "../../cli/screen/flow-list.js";
import type { DoctorView } from "../../common/wire/doctor.js";
import { renderDoctor } from "../../cli/screen/doctor.js";
import { renderDot } from "../../cli/screen/graph/dot.js";
import { renderMermaid } from "../../cli/screen/graph/mermaid.js";
import { renderJob } from "../../cli/screen/job/job.js";
import { renderJobs } from "../../cli/screen/job-list.js";
import { renderSchedule } from "../../cli/screen/schedules/schedule.js";
import { renderSchedules } from "../../cli/screen/schedules/schedule-list.js";
import { createStyle, type Style } from "../../cli/screen/style.js";
import { widthOf } from "../../cli/screen/text.js";
import { renderPlan } from "../../cli/screen/tree-lines.js";
import { renderAgentWhy } from "../../cli/screen/why/agent-why.js";
import { renderWhy } from "../../cli/screen/why/why.js";
import { AGENTS, ASLEEP, NAS } from "./agent-views.js";
import { CAPABILITIES, PORT, TESTED } from "./capability-views.js";
import { DETAIL, FAILED, HOSTILE, JOBS, NOW, RETRIED, SUCCEEDED, WAITS } from "./views.js";
import { LATE, PAUSED, SCHEDULES } from "./schedule-views.js";
import {
  FULL,
  HOSTILE_REVERSE,
  HOSTILE_WHY,
  IMPOSSIBLE,
  ORPHANED,
  OWNED,
  POSSIBLE,
  REVERSE,
  SUSPENDED,
} from "./why-views.js";

/* Whole screens against files; `vitest run test/cli -u` writes them anew. */

const GOLDEN = join(import.meta.dirname, "golden");
process.env["TZ"] = "UTC";

interface Way {
  readonly columns?: number;
  readonly ascii?: boolean;
  readonly wide?: boolean;
}

function style({ columns, ascii = false, wide = false }: Way): Style {
  const env = { NO_COLOR: "1", LANG: "C.UTF-8" };
  return createStyle({ env, tty: columns !== undefined, columns, ascii, wide });
}

const WAYS: readonly (readonly [string, Way])[] = [
  ["80", { columns: 80 }],
  ["120", { columns: 120 }],
  ["ascii", { columns: 80, ascii: true }],
  ["piped", {}],
  ["wide", { columns: 80, wide: true }],
];

const FLOWS = {
  items: ["hello", "simple_http_webserver"].map((name) => ({
    name,
    version: 2,
    summary: "Serves a directory over HTTP and keeps it served, whatever happens to its process",
    schema: { properties: { port: {}, root: {} }, required: ["root"] },
    file: `/home/somebody/projects/flows/${name}.ts`,
  })),
  problems: [],
};

const FLOW: FlowView = {
  name: "web",
  version: 3,
  summary: "Serves a directory over HTTP",
  file: "flows/web.ts",
  schema: {
    type: "object",
    required: ["root"],
    properties: {
      port: {
        type: "integer",
        minimum: 1,
        maximum: 65535,
        default: 8080,
        description: "port to listen on",
      },
      root: { type: "string", description: "directory to serve" },
      mode: { type: "string", enum: ["static", "spa"], default: "static", description: "how" },
      listing: { type: "boolean", default: true, description: "list directories" },
      verboseLog: { type: "boolean", description: "say more" },
      tags: { type: "array", items: { type: "string" }, description: "labels" },
      headers: { type: "object", description: "further headers of every answer" },
    },
  },
};

const DOCTOR: DoctorView = {
  ok: false,
  checks: [
    { name: "node", state: "ok", detail: "24.21.0" },
    { name: "config", state: "ok", detail: "/home/somebody/.config/jobrunner/config.yaml" },
    {
      name: "board",
      state: "fail",
      detail: "Consul at http://127.0.0.1:8500 refused: 403 Permission denied",
      fix: "Give the agent a token with the policy of docs/consul.md: ?token-file=FILE in the URL",
    },
    {
      name: "clock",
      state: "warn",
      detail: "this machine is 3s behind mysql://jr:***@db/jobrunner",
      fix: "let both be set by the network: timedatectl set-ntp true",
    },
  ],
};

const PLAN: CheckView["tree"] = DETAIL.tree;

function task(name: string): NodeView {
  return { kind: "task", name };
}

/** Links to and from a flow that is nested in it, one with a decider, and a flow without tasks. */
const GRAPH: NodeView = {
  kind: "flow",
  name: "deploy",
  pattern: "graph",
  children: [
    { kind: "retry", name: "deploy_retry", detail: "times(3)" },
    task("fetch"),
    {
      kind: "flow",
      name: "check",
      pattern: "unordered",
      children: [task("check/lint"), task("check/test")],
    },
    { kind: "flow", name: "notes", pattern: "linear", children: [] },
    task("publish"),
  ],
  links: [
    { from: 1, to: 2 },
    { from: 2, to: 4, decider: "all_green" },
    { from: 3, to: 4 },
  ],
};

const SCREENS: readonly (readonly [string, (style: Style) => string])[] = [
  ["agents", (at) => renderAgents(at, AGENTS, NOW)],
  ["agent-ready", (at) => renderAgent(at, NAS, NOW)],
  ["agent-asleep", (at) => renderAgent(at, ASLEEP, NOW)],
  ["why-orphaned", (at) => renderWhy(at, ORPHANED, NOW)],
  ["jobs", (at) => renderJobs(at, JOBS, NOW)],
  ["job-running", (at) => renderJob(at, DETAIL, NOW)],
  ["job-failed", (at) => renderJob(at, FAILED, NOW)],
  ["job-succeeded", (at) => renderJob(at, SUCCEEDED, NOW)],
  ["job-retried", (at) => renderJob(at, RETRIED, NOW)],
  ["why-impossible", (at) => renderWhy(at, IMPOSSIBLE, NOW)],
  ["why-possible", (at) => renderWhy(at, POSSIBLE, NOW)],
  ["job-waiting", (at) => renderJob(at, WAITS, NOW)],
  ["why-full", (at) => renderWhy(at, FULL, NOW)],
  ["why-suspended", (at) => renderWhy(at, SUSPENDED, NOW)],
  ["why-owned", (at) => renderWhy(at, OWNED, NOW)],
  ["why-agent", (at) => renderAgentWhy(at, REVERSE, NOW)],
  ["schedules", (at) => renderSchedules(at, SCHEDULES, NOW)],
  ["schedule-late", (at) => renderSchedule(at, LATE, NOW)],
  ["schedule-paused", (at) => renderSchedule(at, PAUSED, NOW)],
  ["capabilities", (at) => renderCapabilities(at, CAPABILITIES)],
  ["capability", (at) => renderCapability(at, PORT)],
  ["capability-test", (at) => renderTest(at, TESTED, NOW)],
  ["flows", (at) => renderFlows(at, FLOWS)],
  ["flow", (at) => renderFlow(at, FLOW, parametersOf(FLOW.schema))],
  ["flows-help", () => renderFlowsHelp(FLOWS)],
  ["doctor", (at) => renderDoctor(at, DOCTOR)],
  ["graph", (at) => renderPlan(at, GRAPH)],
  ["hierarchy", (at) => renderPlan(at, PLAN)],
];

describe.each(SCREENS)("screen %s", (screen, render) => {
  it.each(WAYS)("reads as its file says (%s)", async (name, way) => {
    const text = `${render(style(way))}\n`;

    await expect(text).toMatchFileSnapshot(join(GOLDEN, `${screen}.${name}.out`));
  });

  it.each([60, 80, 120])("fits lists and facts into %d columns", (columns) => {
    const wide = render(style({ columns }))
      .split("\n")
      .filter((line) => widthOf(line) > columns);

    // A tree is as wide as its names, and a list as its fixed columns.
    expect(columns < 80 || screen === "flows-help" ? [] : wide).toEqual([]);
  });
});

describe("the help of a flow", () => {
  it.each([80, 120])("reads as its file says (%d)", async (columns) => {
    const command = createPostCommand(FLOW);
    command.configureOutput({ getOutHelpWidth: () => columns });

    const file = join(GOLDEN, `flow-help.${columns}.out`);
    await expect(command.helpInformation()).toMatchFileSnapshot(file);
  });
});

describe("a flow as a graph", () => {
  it.each([
    ["graph", GRAPH],
    ["graph-job", PLAN],
  ])("reads as its files say, for Mermaid and Graphviz (%s)", async (name, tree) => {
    await expect(`${renderMermaid(tree)}\n`).toMatchFileSnapshot(join(GOLDEN, `${name}.mmd`));
    await expect(`${renderDot(tree)}\n`).toMatchFileSnapshot(join(GOLDEN, `${name}.dot`));
  });

  it("cannot be broken, nor a terminal commanded, by the names in it", () => {
    const name = 'a"]; <b>\\ #quot; `end` \u001b[31m';
    const tree: NodeView = { kind: "flow", name, pattern: "linear", children: [task(name)] };

    expect(renderMermaid(tree)).toContain(
      '["a#34;]; #60;b#62;\\ #35;quot; #96;end#96; \ufffd[31m"]',
    );
    expect(renderDot(tree)).toContain('[label="a\\"]; <b>\\\\ #quot; `end` \ufffd[31m"]');
  });
});

describe("screens", () => {
  it("never let a name or a parameter command the terminal", () => {
    for (const way of [{ columns: 80 }, {}]) {
      const why =
        renderWhy(style(way), HOSTILE_WHY, NOW) + renderAgentWhy(style(way), HOSTILE_REVERSE, NOW);
      const text =
        renderJob(style(way), HOSTILE, NOW) + renderJobs(style(way), [HOSTILE], NOW) + why;

      expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(text).toContain("gone next line");
    }
  });

  it("colour states besides naming them", () => {
    const colourful = createStyle({ env: { LANG: "C.UTF-8", TERM: "xterm" }, tty: true });

    expect(renderJobs(colourful, JOBS, NOW)).toContain("\u001b[36m● RUNNING\u001b[39m");
  });

  it("give programs the columns of -o wide behind those they count on", () => {
    const wide = createStyle({ env: {}, tty: false, wide: true });
    const lines = renderJobs(wide, JOBS, NOW).split("\n");
    const plain = renderJobs(style({}), JOBS, NOW).split("\n");

    expect(lines.map((line) => line.split("\t").slice(0, 6).join("\t"))).toEqual(plain);
    expect(lines.map((line) => line.split("\t").length)).toEqual(JOBS.map(() => 11));
  });

  it("give programs one line a job, tabs between, nothing cut", () => {
    const lines = renderJobs(style({}), JOBS, NOW).split("\n");

    expect(lines).toHaveLength(JOBS.length);
    expect(lines.map((line) => line.split("\t").length)).toEqual(JOBS.map(() => 6));
    expect(lines[4]).toContain("a_flow_with_a_rather_long_name");
  });
});

describe("a job that was parked because its flow changed", () => {
  it("says each difference in a line of its own", () => {
    const details = ['task "b" is gone', 'task "c" is new, in "flow"'];
    const reason = { code: "FLOW_CHANGED" as const, message: "not built as it was", details };

    const lines = renderJob(style({ columns: 80 }), { ...DETAIL, reason }, NOW).split("\n");

    const at = lines.indexOf("reason  FLOW_CHANGED: not built as it was");
    expect(lines.slice(at + 1, at + 3)).toEqual(details.map((line) => `        ${line}`));
  });
});
