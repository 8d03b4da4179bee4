import { JobrunnerError } from "../../common/error.js";
import type { WhyView } from "../../common/wire.js";
import type { AgentJobsView } from "../../common/wire/agent-why.js";
import { type Client, createClient } from "../api/client.js";
import { jobPath } from "../api/job-path.js";
import { EXIT } from "../exit.js";
import type { CommonOptions, WatchOptions } from "../options.js";
import { type Data, printData } from "../print.js";
import type { Style } from "../screen/style.js";
import { renderAgentWhy } from "../screen/why/agent-why.js";
import { renderWhy } from "../screen/why/why.js";
import { createTerminal, type Terminal } from "../terminal.js";
import { watch } from "./watch.js";

export interface WhyOptions extends CommonOptions, WatchOptions {
  /** Name of the agent whose view is wanted. */
  readonly agent?: string;
  /** Jobs that wait and are looked at, at most. */
  readonly limit?: number;
}

/** Of a page, and without a limit: those that wait longest are seldom the question. */
const PAGE_JOBS = 20;
/** Largest page an agent answers. */
const PAGE_JOBS_MAX = 100;

/**
 * `jobrunner why JOB`, `why JOB --agent A`, and `why --agent A`: the jobs that wait and that A does
 * not take. Returns the exit code: 13 when nobody that was asked can run them now.
 */
export async function why(job: string | undefined, options: WhyOptions): Promise<number> {
  const terminal = createTerminal(options);
  const connect = (): Promise<Client> =>
    createClient({ ...options, env: process.env, say: terminal.say });
  if (job !== undefined) return whyJob(job, { terminal, options, client: await connect() });
  const { agent } = options;
  if (agent === undefined) {
    throw new JobrunnerError("USAGE", "neither a job nor an agent is named", {
      hint: "Ask jobrunner why JOB, why JOB --agent NAME, or why --agent NAME.",
    });
  }
  return whyAgent(agent, { terminal, options, client: await connect() });
}

interface Asked {
  readonly terminal: Terminal;
  readonly options: WhyOptions;
  readonly client: Client;
}

async function whyJob(job: string, { terminal, options, client }: Asked): Promise<number> {
  const { agent, output, watch: everyMs } = options;
  const only = agent === undefined ? "" : `?agent=${encodeURIComponent(agent)}`;
  const ask = (): Promise<WhyView> => client.get<WhyView>(`${jobPath(job)}/why${only}`);
  if (everyMs !== undefined) {
    const look = async (): Promise<Data> => whyData(await ask());
    return watch({ client, terminal, output, look, path: `${jobPath(job)}/events` }, everyMs);
  }
  const view = await ask();
  await printData(terminal, output, whyData(view));
  return view.possible ? EXIT.ok : EXIT.impossible;
}

function whyData(view: WhyView): Data {
  const table = (style: Style): string => renderWhy(style, view, Date.now());
  return { view, names: ableOf(view), table };
}

async function whyAgent(name: string, { terminal, options, client }: Asked): Promise<number> {
  const { output, limit = PAGE_JOBS, watch: everyMs } = options;
  const ask = (): Promise<AgentJobsView> => allPages(name, client, limit);
  if (everyMs !== undefined) {
    const look = async (): Promise<Data> => agentData(await ask());
    const path = "/v1/events?types=job.*,agent.*";
    return watch({ client, terminal, output, look, path }, everyMs);
  }
  const view = await ask();
  await printData(terminal, output, agentData(view));
  return view.items.length > 0 && takenBy(view).length === 0 ? EXIT.impossible : EXIT.ok;
}

function agentData(view: AgentJobsView): Data {
  const table = (style: Style): string => renderAgentWhy(style, view, Date.now());
  return { view, items: view.items, names: takenBy(view), table };
}

async function allPages(name: string, client: Client, limit: number): Promise<AgentJobsView> {
  const path = `/v1/agents/${encodeURIComponent(name)}/why`;
  const page = async (size: number, cursor?: string): Promise<AgentJobsView> => {
    const after = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    return client.get<AgentJobsView>(`${path}?limit=${String(size)}${after}`);
  };
  let view = await page(Math.min(limit, PAGE_JOBS_MAX));
  while (view.nextCursor !== undefined && view.items.length < limit) {
    const next = await page(Math.min(limit - view.items.length, PAGE_JOBS_MAX), view.nextCursor);
    view = { ...next, items: [...view.items, ...next.items] };
  }
  return view;
}

function takenBy({ able, items }: AgentJobsView): readonly string[] {
  return able ? items.filter((item) => item.able).map(({ job }) => job.id) : [];
}

/** Agents that may take it, or the one that has it. */
function ableOf({ agents, owner }: WhyView): readonly string[] {
  if (owner !== undefined) return [owner];
  return agents.filter(({ able }) => able).map(({ agent }) => agent);
}
