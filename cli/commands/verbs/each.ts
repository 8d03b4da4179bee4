import { basename } from "node:path/posix";
import { isWholeId } from "../../../common/job.js";
import type { JobView } from "../../../common/wire.js";
import { type Client, createClient } from "../../api/client.js";
import { jobPath } from "../../api/job-path.js";
import { errorText, EXIT, exitCodeOf } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { renderJobLine } from "../../screen/job-list.js";
import { createTerminal, type Terminal } from "../../terminal.js";

export interface EachOptions extends CommonOptions {
  /** Ids alone on stdout, and nothing but errors on stderr. */
  readonly quiet?: boolean;
}

export interface Telling {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly options: EachOptions;
}

/**
 * Does something with each job, whatever became of the others. Returns the exit code of the first
 * with which it could not be done. `path` has the job's whole id.
 */
export async function eachJob(
  jobs: readonly string[],
  options: EachOptions,
  act: (telling: Telling, path: string) => Promise<void>,
): Promise<number> {
  const terminal = createTerminal(options);
  const paths = jobs.map(jobPath); // A word that is no id is refused before anything is asked.
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  let code: number = EXIT.ok;
  for (const path of paths) {
    try {
      await act({ client, terminal, options }, await wholePath(client, path));
    } catch (error) {
      if (code === EXIT.ok) code = exitCodeOf(error);
      terminal.say(errorText(error));
    }
  }
  return code;
}

/**
 * The same job whichever agent is asked, and however often: while others come and go, a part of its
 * id may become a part of another's.
 */
async function wholePath(client: Client, path: string): Promise<string> {
  if (isWholeId(basename(path))) return path;
  return jobPath((await client.get<JobView>(path)).id);
}

/** The job as data, and what may be done next. */
export async function tell(
  { terminal, options }: Telling,
  job: JobView,
  next: string,
): Promise<void> {
  const { output, quiet } = options;
  await printData(terminal, output, {
    view: job,
    names: [job.id],
    table: (style) => (quiet === true ? job.id : renderJobLine(style, job, Date.now())),
  });
  terminal.hint(next);
}
