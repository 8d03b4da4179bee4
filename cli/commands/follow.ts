import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../common/error.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import type { Client } from "../api/client.js";
import type { StreamEvent } from "../api/event-stream.js";
import { jobPath } from "../api/job-path.js";
import { News } from "../api/news.js";
import { type Aim, EXIT, exitCodeFor } from "../exit.js";
import { renderJob } from "../screen/job/job.js";
import { shortId } from "../screen/job-list.js";
import { Progress } from "../screen/job/progress.js";
import { clean } from "../screen/text.js";
import type { Terminal } from "../terminal.js";

/** How long one question to an agent waits, ms: short while somebody reads how it goes. */
const WAIT_MS = 30_000;
const WATCHED_WAIT_MS = 1000;
/** Events after which a job may be waited for no longer, whatever for. */
const TURNS: readonly string[] = ["job.owner", "job.state", "job.finished", "end"];
/** Longest time between two looks although no event came, ms. */
export const LOOK_MS = 5_000;
/** Every agent may be away for so long, ms (a restart, a laptop that wakes up). */
const AWAY_MS = 30_000;
const AWAY_PAUSE_MS = 500;

export interface FollowOptions {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Milliseconds from now; without it for ever. */
  readonly timeoutMs?: number | undefined;
  /** Nobody wants to know how it goes, only how it ends. */
  readonly quiet?: boolean | undefined;
  /** Default: its end, which is to be a good one. */
  readonly aim?: Aim | undefined;
}

/** How following ended; the job itself goes on after `timeout` and `interrupted`. */
export type Followed =
  | { readonly end: "job"; readonly job: JobDetailView; readonly code: number }
  | { readonly end: "timeout" | "interrupted"; readonly code: number };

/**
 * Follows a job until it is where it is to be, ends or is suspended: its tree is drawn again and
 * again on a terminal, and elsewhere a line is written for each step that changes.
 */
export async function followJob(options: FollowOptions, id: string): Promise<Followed> {
  const { client, terminal, signal, quiet = false, aim = "success" } = options;
  const deadline = options.timeoutMs === undefined ? Infinity : Date.now() + options.timeoutMs;
  const path = `${jobPath(id)}/events`;
  const wanted = ({ event }: StreamEvent): boolean => !quiet || TURNS.includes(event);
  await using news = new News({ client, path, wanted, signal });
  const tell = quiet ? (): void => undefined : teller(terminal);
  try {
    for (;;) {
      const left = Math.max(0, deadline - Date.now());
      // Without events the agent that is asked waits for the end.
      const step = quiet && aim !== "claimed" ? WAIT_MS : WATCHED_WAIT_MS;
      const waitMs = news.live ? 0 : Math.round(Math.min(step, left));
      const job = await lookAt(options, id, waitMs);
      const code = exitCodeFor(aim, job);
      tell(job);
      if (code !== undefined) return { end: "job", job, code };
      if (Date.now() >= deadline) return { end: "timeout", code: EXIT.timeout };
      const pauseMs = terminal.err.tty ? WATCHED_WAIT_MS : LOOK_MS;
      if (news.live) await news.next(Math.min(pauseMs, deadline - Date.now()), signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    if (signal.aborted) return { end: "interrupted", code: EXIT.interrupted };
    throw error;
  } finally {
    terminal.clear();
  }
}

function teller({ err, sketch, hint }: Terminal): (job: JobDetailView) => void {
  if (err.tty) return (job) => sketch(renderJob(err, job, Date.now()));
  const progress = new Progress();
  return (job) => progress.lines(err, job).forEach(hint);
}

/** Asks until somebody answers: an agent that restarts is no reason to give up at once. */
export async function lookAt(
  options: FollowOptions,
  id: string,
  waitMs: number,
): Promise<JobDetailView> {
  const { client, signal, terminal } = options;
  const giveUp = Date.now() + Math.min(AWAY_MS, options.timeoutMs ?? AWAY_MS) + waitMs;
  for (let told = false; ; told = true) {
    try {
      return await client.get<JobDetailView>(jobPath(id), { waitMs, signal });
    } catch (error) {
      const away = hasCode(error, "UNREACHABLE", "PERSISTENCE_DOWN", "BUSY");
      if (!away || Date.now() > giveUp) throw error;
      if (!told) terminal.hint(`${error.message}; the job goes on, asking again`);
      await sleep(AWAY_PAUSE_MS, undefined, { signal });
    }
  }
}

/** What to do after following ended before the job did. */
export function detachedText(
  end: "timeout" | "interrupted",
  jobs: readonly string[],
  via: string | undefined,
): string {
  const why = end === "timeout" ? "the time is up; the job goes on." : "detached; the job goes on.";
  const which = `${jobs.map(shortId).join(" ")}${viaText(via)}`;
  const it = jobs.length === 1 ? "it" : "them";
  return `${why} Follow again: jobrunner wait ${which}   Stop ${it}: jobrunner cancel ${which}`;
}

/** Hints repeat the agent that was named: without it the next command may ask another one. */
export function viaText(via: string | undefined): string {
  return via === undefined ? "" : ` --via ${via}`;
}

/** Why a job that ended badly did, in one line; undefined for one that went well. */
export function badEndText(job: JobView & Pick<JobDetailView, "failures">): string | undefined {
  switch (job.state) {
    case "REVERTED":
      return `job ${shortId(job.id)} failed, and everything that ran was reverted`;
    case "FAILURE":
      return `job ${shortId(job.id)} failed, and not everything could be reverted: look at it`;
    case "CANCELLED":
      return job.reason?.code === "EXPIRED"
        ? `job ${shortId(job.id)} was not run${because(job)}`
        : `job ${shortId(job.id)} was cancelled${because(job)}`;
    case "SUSPENDED":
      return `job ${shortId(job.id)} is suspended${because(job)}`;
    default:
      return undefined;
  }
}

function because({ reason }: JobView): string {
  return reason === undefined ? "" : `: ${clean(reason.message)}`;
}
