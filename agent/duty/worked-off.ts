import type { Clock } from "../../common/clock.js";
import { eitherSignal } from "../../common/signals/either.js";
import type { Conductor } from "../conductor.js";
import type { Hooks } from "../hooks/hooks.js";
import type { Readiness } from "../matching/readiness.js";
import type { Scheduler } from "../schedules/scheduler.js";
import type { Sweep } from "../sweep.js";

/** What becomes due so soon after there was nothing to take is waited for, ms: a job given back. */
export const SOON_MS = 5_000;
/** And so often: one that is given back again and again keeps nobody here for ever. */
export const SOON_TIMES_MAX = 10;
/** How long something that keeps the agent from taking jobs may last until it leaves, ms. */
export const OBSTACLE_PATIENCE_MS = 30_000;
/** How long calls of hooks are waited for, ms; what is not made by then is left to others. */
export const HOOKS_PATIENCE_MS = 60_000;

export interface WorkedOffParts {
  readonly clock: Clock;
  readonly conductor: Pick<Conductor, "nextLook" | "wake">;
  readonly scheduler: Pick<Scheduler, "looked">;
  readonly hooks: Pick<Hooks, "settled">;
  readonly readiness: Pick<Readiness, "known">;
  readonly sweep: Pick<Sweep, "disagreement">;
}

/** What kept it from taking jobs until its patience was over. */
export interface Kept {
  readonly why: string;
  /** It is on another board than its cluster. */
  readonly isConflict: boolean;
}

/**
 * Resolves when nothing runs here, and nothing may be taken now or very soon: what schedules had
 * due was posted before, and hooks were called. A wish of people, such as a drain, counts as
 * nothing to take; anything else that keeps the agent from claiming is waited for a while.
 */
export async function workedOff(
  parts: WorkedOffParts,
  stopping: AbortSignal,
): Promise<Kept | undefined> {
  const { clock, conductor, scheduler, readiness, sweep } = parts;
  await scheduler.looked;
  let isCalled = false;
  let emptySince: number | undefined;
  let emptyTimes = 0;
  let keptSince: number | undefined;
  for (let wake = true; ;) {
    // Asked for before anything else is awaited, so that no look is missed.
    const next = conductor.nextLook();
    if (wake) conductor.wake();
    wake = false;
    const look = await next;
    const now = clock.monotonic();
    if (look.found === "obstacle" && readiness.known().state === "ready") {
      keptSince ??= now;
      if (now - keptSince < OBSTACLE_PATIENCE_MS) continue;
      return { why: look.why, isConflict: look.why === sweep.disagreement };
    }
    keptSince = undefined;
    if (look.found === "work") {
      emptySince = undefined;
      isCalled = false;
      continue;
    }
    if (emptySince === undefined) emptyTimes += 1;
    emptySince ??= now;
    // Counted from the first such look: where leases are short, one of others always ends soon.
    const dueInMs = look.found === "nothing" ? look.dueInMs : undefined;
    const isSoon = dueInMs !== undefined && now + dueInMs < emptySince + SOON_MS;
    if (isSoon && emptyTimes <= SOON_TIMES_MAX) continue;
    if (isCalled) return undefined;
    await callHooks(parts, stopping);
    [isCalled, wake] = [true, true];
  }
}

async function callHooks({ clock, hooks }: WorkedOffParts, stopping: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = eitherSignal(stopping, over.signal);
  void clock.sleep(HOOKS_PATIENCE_MS, signal).then(() => over.abort());
  await hooks.settled(signal);
  over.abort();
}
