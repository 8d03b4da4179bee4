import type { JobDetailView } from "../../common/wire.js";
import { createClient } from "../api/client.js";
import { type Aim, EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { printData } from "../print.js";
import type { Style } from "../screen/style.js";
import { renderJobLine } from "../screen/job-list.js";
import { createTerminal, interruption, type Terminal } from "../terminal.js";
import { followAny } from "./follow-any.js";
import { badEndText, detachedText, followJob } from "./follow.js";

export interface WaitOptions extends CommonOptions {
  /** Milliseconds for all the jobs together. */
  readonly timeout?: number;
  readonly for?: Aim;
  /** The first job that is there ends the waiting; there are at most `ANY_MAX`. */
  readonly any?: boolean;
  /** Ids alone on stdout, and nothing but errors on stderr. */
  readonly quiet?: boolean;
}

/** Which bad end counts when several jobs ended badly: the one that needs a person most. */
const GRAVEST = [EXIT.failed, EXIT.suspended, EXIT.reverted, EXIT.cancelled, EXIT.ok] as const;

/** `jobrunner wait JOB...`: until each, or any, is there or suspended. Returns the exit code. */
export async function wait(jobs: readonly string[], options: WaitOptions): Promise<number> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.hint });
  const deadline = options.timeout === undefined ? undefined : Date.now() + options.timeout;
  using interrupted = interruption();
  const { signal } = interrupted;
  const { quiet, for: aim, any } = options;
  if (any === true) {
    const timeoutMs = options.timeout;
    const first = await followAny({ client, terminal, signal, timeoutMs, aim }, jobs);
    if (first.end === "job") await printEnd(terminal, options, first.job);
    else terminal.hint(detachedText(first.end, jobs, options.via));
    return first.code;
  }
  const codes: number[] = [];
  for (const [index, id] of jobs.entries()) {
    const timeoutMs = deadline === undefined ? undefined : Math.max(0, deadline - Date.now());
    const followed = await followJob({ client, terminal, signal, timeoutMs, quiet, aim }, id);
    if (followed.end !== "job") {
      terminal.hint(detachedText(followed.end, jobs.slice(index), options.via));
      return followed.code;
    }
    await printEnd(terminal, options, followed.job);
    codes.push(followed.code);
  }
  return GRAVEST.find((code) => codes.includes(code)) ?? EXIT.ok;
}

async function printEnd(
  terminal: Terminal,
  { output, quiet }: WaitOptions,
  job: JobDetailView,
): Promise<void> {
  const table = (style: Style): string =>
    quiet === true ? job.id : renderJobLine(style, job, Date.now());
  await printData(terminal, output, { view: job, names: [job.id], table });
  const bad = badEndText(job);
  if (bad !== undefined) terminal.say(bad);
}
