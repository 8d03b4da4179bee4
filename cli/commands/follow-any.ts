import { setTimeout as sleep } from "node:timers/promises";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView } from "../../common/wire.js";
import type { EventView } from "../../common/wire/events.js";
import type { StreamEvent } from "../api/event-stream.js";
import { News } from "../api/news.js";
import { EXIT, exitCodeFor } from "../exit.js";
import { type Followed, type FollowOptions, LOOK_MS, lookAt } from "./follow.js";

/** Jobs of which the first may be waited for: agents answer 100 questions a second. */
export const ANY_MAX = 64;

/**
 * How the first of several jobs went; nobody sees how all of them go. One stream tells of all of
 * them: agents serve only so many.
 */
export async function followAny(
  options: FollowOptions,
  jobs: readonly string[],
): Promise<Followed> {
  if (jobs.length > ANY_MAX) throw tooMany(jobs.length);
  const { client, signal, timeoutMs } = options;
  const deadline = timeoutMs === undefined ? Infinity : Date.now() + timeoutMs;
  const touched = new Touched();
  const path = "/v1/events?types=job.*";
  await using news = new News({ client, path, signal, wanted: (event) => touched.by(event) });
  let wholeAt = 0;
  try {
    for (;;) {
      const isWhole = Date.now() >= wholeAt;
      const found = await firstOf({ ...options, deadline }, isWhole ? jobs : [], touched);
      if (found !== undefined) return found;
      // After the round: where one takes long, the agent gets its pause all the same.
      if (isWhole) wholeAt = Date.now() + LOOK_MS;
      const now = Date.now();
      if (now >= deadline) return { end: "timeout", code: EXIT.timeout };
      const pauseMs = Math.max(0, Math.min(wholeAt, deadline) - now);
      if (news.live) await news.next(pauseMs, signal);
      else await sleep(pauseMs, undefined, { signal });
      signal.throwIfAborted();
    }
  } catch (error) {
    if (signal.aborted) return { end: "interrupted", code: EXIT.interrupted };
    throw error;
  }
}

interface Round extends FollowOptions {
  /** By `Date.now()`. */
  readonly deadline: number;
}

/**
 * One after the other, as an agent that is away is told of once; those of which an event has come
 * before the rest. Undefined when none is there, or time is up.
 */
async function firstOf(
  options: Round,
  jobs: readonly string[],
  touched: Touched,
): Promise<Followed | undefined> {
  const rest = [...jobs];
  for (let id = touched.take() ?? rest.shift(); id !== undefined;) {
    const job = await lookAt(options, id, 0);
    touched.learn(job);
    const code = exitCodeFor(options.aim ?? "success", job);
    if (code !== undefined) return { end: "job", job, code };
    if (Date.now() >= options.deadline) return undefined;
    id = touched.take() ?? rest.shift();
  }
  return undefined;
}

/** Those of the jobs of which events have come since they were looked at. */
class Touched {
  /** Whole ids, of those that were looked at. */
  readonly #known = new Set<string>();
  readonly #touched = new Set<string>();

  learn({ id }: JobDetailView): void {
    this.#known.add(id);
  }

  /** Whether the event is a reason to look. */
  by({ event, data }: StreamEvent): boolean {
    if (!event.startsWith("job.")) return false;
    const { job } = JSON.parse(data) as Pick<EventView, "job">; // The agent's own words.
    if (job === undefined || !this.#known.has(job)) return false;
    this.#touched.add(job);
    return true;
  }

  /** One of them, which counts as looked at from now on. */
  take(): string | undefined {
    const [first] = this.#touched;
    if (first !== undefined) this.#touched.delete(first);
    return first;
  }
}

function tooMany(count: number): JobrunnerError {
  return new JobrunnerError("USAGE", `--any waits for at most ${ANY_MAX} jobs, not ${count}`, {
    hint: "Without --any all of them are waited for, however many.",
  });
}
