import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView, JobsView, JobView } from "../../common/wire.js";
import { type Client, createClient } from "../api/client.js";
import { jobPath } from "../api/job-path.js";
import { EXIT } from "../exit.js";
import type { CommonOptions, GraphFormat, WatchOptions } from "../options.js";
import { type Data, dataText } from "../print.js";
import { renderGraph } from "../screen/graph/graph.js";
import { renderJob } from "../screen/job/job.js";
import { renderJobs } from "../screen/job-list.js";
import { jobEvents } from "./events/events.js";
import type { Style } from "../screen/style.js";
import { createTerminal } from "../terminal.js";
import { watch } from "./watch.js";

export interface ShowOptions extends CommonOptions, WatchOptions {
  readonly state?: string;
  readonly flow?: string;
  readonly agent?: string;
  /** RFC 3339. */
  readonly since?: string;
  /** Words of the name or the flow. */
  readonly text?: string;
  readonly limit?: number;
  readonly all?: boolean;
  /** How to draw its flow instead of telling all about it. */
  readonly graph?: GraphFormat;
  /** What happened to the job instead of how it is. */
  readonly events?: boolean;
}

const LIMIT = 50;
const PAGE = 500;

/** `jobrunner show [JOB]`. Returns the exit code. */
export async function show(job: string | undefined, options: ShowOptions): Promise<number> {
  const { graph } = options;
  if (options.events === true) return jobEvents(ofOneJob(job, EVENTS_OF), options);
  if (graph !== undefined) ofOneJob(job, GRAPH_OF);
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const look = async (): Promise<Data> =>
    job === undefined
      ? jobsData(await listJobs(client, options))
      : jobData(await client.get<JobDetailView>(jobPath(job)), graph);
  if (options.watch !== undefined) {
    const path = job === undefined ? "/v1/events?types=job.*" : `${jobPath(job)}/events`;
    return watch({ client, terminal, output: options.output, look, path }, options.watch);
  }
  const text = await dataText(terminal.out, options.output, await look());
  terminal.print(text);
  if (text === "") terminal.say("no jobs; post one: jobrunner post --help");
  return EXIT.ok;
}

interface Need {
  readonly what: string;
  readonly hint: string;
}

const EVENTS_OF: Need = {
  what: "--events tells of one job, and none is named",
  hint: "Name one; what happens on all agents is told by: jobrunner events",
};
const GRAPH_OF: Need = {
  what: "--graph draws the flow of one job, and none is named",
  hint: "jobrunner show JOB --graph, or jobrunner flow graph FLOW without a job",
};

function ofOneJob(job: string | undefined, { what, hint }: Need): string {
  if (job !== undefined) return job;
  throw new JobrunnerError("USAGE", what, { hint });
}

function jobData(job: JobDetailView, graph: GraphFormat | undefined): Data {
  const table = (style: Style): string =>
    graph === undefined ? renderJob(style, job, Date.now()) : renderGraph(style, graph, job.tree);
  return { view: job, names: [job.id], table };
}

function jobsData(jobs: readonly JobView[]): Data {
  const names = jobs.map(({ id }) => id);
  const table = (style: Style): string =>
    jobs.length === 0 ? "" : renderJobs(style, jobs, Date.now());
  return { view: jobs, items: jobs, names, table };
}

async function listJobs(client: Client, options: ShowOptions): Promise<readonly JobView[]> {
  const wanted = options.all === true ? Infinity : (options.limit ?? LIMIT);
  const jobs: JobView[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(PAGE, wanted - jobs.length);
    const page = await client.get<JobsView>(`/v1/jobs?${queryOf(options, limit, cursor)}`);
    jobs.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && jobs.length < wanted);
  return jobs;
}

function queryOf(options: ShowOptions, limit: number, cursor: string | undefined): string {
  const { state, flow, agent, since, text } = options;
  const wanted = { state: state?.toUpperCase(), flow, agent, since, q: text, limit, cursor };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(wanted)) {
    if (value !== undefined) query.set(key, String(value));
  }
  return query.toString();
}
