import type { CancelRequest, JobVerb, JobView } from "../../common/wire.js";
import { type Client, createClient } from "../api/client.js";
import { jobPath } from "../api/job-path.js";
import { errorText, EXIT, exitCodeOf } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { renderJobLine, shortId } from "../screen/job-list.js";
import { createTerminal, type Terminal } from "../terminal.js";
import { viaText } from "./follow.js";

export interface AskOptions extends CommonOptions {
  /** `cancel` alone: false with `--no-revert`. */
  readonly revert?: boolean;
}

/**
 * `jobrunner cancel | suspend | resume JOB...`: each job is asked, whatever became of the others.
 * Returns the exit code of the first that could not be.
 */
export async function ask(
  verb: JobVerb,
  jobs: readonly string[],
  options: AskOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const paths = jobs.map(jobPath); // A word that is no id is refused before anything is asked.
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  let code: number = EXIT.ok;
  for (const path of paths) {
    try {
      const job = await send(client, `${path}/${verb}`, options);
      print(terminal, options, job);
      terminal.say(nextText(verb, job, options.via));
    } catch (error) {
      if (code === EXIT.ok) code = exitCodeOf(error);
      terminal.say(errorText(error));
    }
  }
  return code;
}

async function send(client: Client, path: string, { revert }: AskOptions): Promise<JobView> {
  const body: CancelRequest = revert === false ? { revert } : {};
  return (await client.post<JobView>(path, body)).body;
}

function print(terminal: Terminal, { output }: AskOptions, job: JobView): void {
  if (output === "json") terminal.print(JSON.stringify(job, undefined, 2));
  else if (output === "jsonl") terminal.print(JSON.stringify(job));
  else if (output === "name") terminal.print(job.id);
  else terminal.print(renderJobLine(terminal.out, job, Date.now()));
}

/** What has become of it, and what to do next. */
function nextText(verb: JobVerb, job: JobView, via: string | undefined): string {
  const id = shortId(job.id) + viaText(via);
  switch (verb) {
    case "cancel": {
      if (job.state === "CANCELLED") return `job ${shortId(job.id)} is cancelled`;
      const how = job.request === "cancel-no-revert" ? "stops it" : "reverts what ran";
      return `cancel asked for: ${ownerOf(job)} ${how}. Follow it: jobrunner wait ${id}`;
    }
    case "suspend":
      if (job.state === "SUSPENDED") return `suspended. Go on: jobrunner resume ${id}`;
      return `suspend asked for: ${ownerOf(job)} lets what runs end. Follow it: jobrunner wait ${id}`;
    case "resume":
      return `resumed: it goes on where it was. Follow it: jobrunner wait ${id}`;
  }
}

/** Whom it waits for: the owner there was may be gone. */
function ownerOf({ agent, state }: JobView): string {
  return agent === undefined || state === "WAITING"
    ? "the next owner"
    : `${agent}, or its next owner,`;
}
