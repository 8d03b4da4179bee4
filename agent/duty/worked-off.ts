import type { Clock } from "../../common/clock.js";
import { eitherSignal } from "../../common/signals/either.js";
import type { Conductor, Look } from "../conductor.js";
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
/** Between two looks at a board that is being filled again, ms. */
const FILLING_MS = 200;
/** How long calls of hooks are waited for, ms; what is not made by then is left to others. */
export const HOOKS_PATIENCE_MS = 60_000;

export interface WorkedOffParts {
  readonly clock: Clock;
  readonly conductor: Pick<Conductor, "nextLook" | "wake">;
  readonly scheduler: Pick<Scheduler, "looked">;
  readonly hooks: Pick<Hooks, "settled">;
  readonly readiness: Pick<Readiness, "known">;
  readonly sweep: Pick<Sweep, "disagreement" | "settled">;
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
 * nothing to take; a machine that sleeps is no reason to leave. Anything else that keeps the agent
 * from claiming is waited for a while.
 */
export async function workedOff(
  parts: WorkedOffParts,
  stopping: AbortSignal,
): Promise<Kept | undefined> {
  const { clock, conductor, readiness, sweep } = parts;
  let keptSince = await schedulesLooked(parts, stopping);
  let isCalled = false;
  let emptySince: number | undefined;
  let emptyTimes = 0;
  for (let wake = true; ;) {
    // Asked for before anything else is awaited, so that no look is missed.
    const next = conductor.nextLook();
    if (wake) conductor.wake();
    wake = false;
    const look = await next;
    const now = clock.monotonic();
    const { state } = readiness.known();
    const why = whyKept(look, state === "ready", sweep.settled);
    if (why !== undefined) {
      keptSince ??= now;
      if (now - keptSince >= OBSTACLE_PATIENCE_MS) {
        return { why, isConflict: why === sweep.disagreement };
      }
      wake = look.found === "nothing"; // Nobody tells when the board is full again.
      if (wake) await clock.sleep(FILLING_MS, stopping);
      continue;
    }
    keptSince = undefined;
    if (state === "asleep") continue;
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

/** Since when they could not be looked at, ms; undefined when they were. */
async function schedulesLooked(
  { clock, scheduler }: WorkedOffParts,
  stopping: AbortSignal,
): Promise<number | undefined> {
  const from = clock.monotonic();
  const over = new AbortController();
  const late = clock.sleep(OBSTACLE_PATIENCE_MS, eitherSignal(stopping, over.signal));
  const looked = scheduler.looked.then(() => true);
  const isLooked = await Promise.race([looked, late.then(() => false)]);
  over.abort();
  return isLooked ? undefined : from;
}

function whyKept(look: Look, isReady: boolean, isSettled: boolean): string | undefined {
  if (look.found === "obstacle") return isReady ? look.why : undefined;
  return look.found === "nothing" && !isSettled ? "the board is being filled again" : undefined;
}

async function callHooks({ clock, hooks }: WorkedOffParts, stopping: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = eitherSignal(stopping, over.signal);
  void clock.sleep(HOOKS_PATIENCE_MS, signal).then(() => over.abort());
  await hooks.settled(signal);
  over.abort();
}
