import type { Clock } from "../common/clock.js";

/** Longest delay setTimeout takes, ms (25 days); more would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The machine's own time; only composition roots hand it out. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // CLOCK_MONOTONIC, the same in every process of this boot.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: async (ms, signal) => {
    let left = ms;
    do {
      await nap(Math.min(Math.max(left, 0), TIMER_MAX_MS), signal);
      left -= TIMER_MAX_MS;
    } while (left > 0 && signal?.aborted !== true);
  },
};

function nap(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
