import type { Clock } from "../common/clock.js";

/** Longest delay setTimeout takes; more would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The machine's own time; only composition roots hand it out. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // CLOCK_MONOTONIC, the same in every process of this boot.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(ms, 0), TIMER_MAX_MS));
      signal?.addEventListener("abort", done, { once: true });
    }),
};
