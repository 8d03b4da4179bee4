import { setTimeout as sleep } from "node:timers/promises";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView, JobsView, JobView } from "../../common/wire.js";
import { type Client, createClient } from "../api/client.js";
import { jobPath } from "../api/job-path.js";
import { News } from "../api/news.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { renderJob } from "../screen/job.js";
import { renderJobs } from "../screen/job-list.js";
import { createLive } from "../screen/live.js";
import { jobEvents } from "./events/events.js";
import { createTerminal, interruption, type Terminal } from "../terminal.js";

export interface ShowOptions extends CommonOptions {
  readonly state?: string;
  readonly flow?: string;
  readonly agent?: string;
  /** RFC 3339. */
  readonly since?: string;
  /** Words of the name or the flow. */
  readonly text?: string;
  readonly limit?: number;
  readonly all?: boolean;
  /** Milliseconds between two looks although nothing was heard. */
  readonly watch?: number;
  /** What happened to the job instead of how it is. */
  readonly events?: boolean;
}

const LIMIT = 50;
const PAGE = 500;

/** `jobrunner show [JOB]`. Returns the exit code. */
export async function show(job: string | undefined, options: ShowOptions): Promise<number> {
  if (options.events === true) return jobEvents(ofOneJob(job), options);
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const look = async (): Promise<string> =>
    job === undefined
      ? jobsText(terminal, options, await listJobs(client, options))
      : jobText(terminal, options, await client.get<JobDetailView>(jobPath(job)));
  if (options.watch !== undefined) {
    const path = job === undefined ? "/v1/events?types=job.*" : `${jobPath(job)}/events`;
    return watch({ client, terminal, look, path }, options.watch);
  }
  const text = await look();
  terminal.print(text);
  if (text === "") terminal.say("no jobs; post one: jobrunner post --help");
  return EXIT.ok;
}

function ofOneJob(job: string | undefined): string {
  if (job !== undefined) return job;
  throw new JobrunnerError("USAGE", "--events tells of one job, and none is named", {
    hint: "Name one; what happens on all agents is told by: jobrunner events",
  });
}

function jobText(terminal: Terminal, { output }: ShowOptions, job: JobDetailView): string {
  switch (output ?? "table") {
    case "json":
      return JSON.stringify(job, undefined, 2);
    case "jsonl":
      return JSON.stringify(job);
    case "name":
      return job.id;
    case "table":
      return renderJob(terminal.out, job, Date.now());
  }
}

function jobsText(terminal: Terminal, { output }: ShowOptions, jobs: readonly JobView[]): string {
  switch (output ?? "table") {
    case "json":
      return JSON.stringify(jobs, undefined, 2);
    case "jsonl":
      return jobs.map((job) => JSON.stringify(job)).join("\n");
    case "name":
      return jobs.map(({ id }) => id).join("\n");
    case "table":
      return jobs.length === 0 ? "" : renderJobs(terminal.out, jobs, Date.now());
  }
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

interface Watching {
  readonly client: Client;
  readonly terminal: Terminal;
  /** Of the events after which to look again. */
  readonly path: string;
  look(): Promise<string>;
}

/**
 * Looks when something happens, and again and again, until Ctrl-C: redrawn for a person, appended
 * when it changed otherwise.
 */
async function watch({ client, terminal, path, look }: Watching, everyMs: number): Promise<number> {
  using interrupted = interruption();
  const { signal } = interrupted;
  await using news = new News({ client, path, signal, wanted: ({ event }) => event !== "cursor" });
  const live = terminal.out.tty ? createLive(process.stdout) : undefined;
  let last = "";
  while (!signal.aborted) {
    const text = await look();
    if (live !== undefined) live.draw(text === "" ? "no jobs" : text);
    else if (text !== last) terminal.print(text);
    last = text;
    if (news.live) await news.next(everyMs, signal);
    else await sleep(everyMs, undefined, { signal }).catch(() => undefined); // Ctrl-C ends it.
  }
  live?.clear();
  if (live !== undefined) terminal.print(last);
  return EXIT.ok;
}
