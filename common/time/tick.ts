/**
 * Ticks are instants of the monotonic clock, the same for all that an agent does again and again:
 * what waits for one wakes an idle machine together with everything else, once. On some machines
 * waking costs more than all that is done then.
 */
export const TICK_MS = 10_000;

/** Timers are early or late by so much at most, ms, as long as the event loop is not held up. */
const TOLERANCE_MS = 50;

/**
 * How long to sleep, at `monotonic`, so as to wake on a tick: on the last one within `ms`, or 50 ms
 * after that, which a timer may be late as well. A sleep shorter than between two ticks stays as it
 * is.
 */
export function untilTick(ms: number, monotonic: number): number {
  if (ms < TICK_MS) return ms;
  return Math.floor((monotonic + ms + TOLERANCE_MS) / TICK_MS) * TICK_MS - monotonic;
}
