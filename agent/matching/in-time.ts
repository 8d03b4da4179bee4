import type { Verdict } from "../../capabilities/capability.js";
import type { Clock } from "../../common/clock.js";

/**
 * The verdict, or that nobody could tell in time. Each clause has the same end, whether it is slow
 * itself or waits for its turn: one that is slow must not take the others' answers with it.
 */
export type InTime = (verdict: Promise<Verdict>) => Promise<Verdict>;

/** Other agents wait 1.5 s for this one's answer (agent/cluster/agents.ts), people 2 s for all. */
const EXPLAIN_MS = 1_200;

/** Its time begins now. */
export function inTime(clock: Clock): InTime {
  const until = clock.monotonic() + EXPLAIN_MS;
  return async (verdict) => {
    const done = new AbortController();
    const late = clock
      .sleep(Math.max(0, until - clock.monotonic()), done.signal)
      .then((): Verdict => ({ unknown: `no answer within ${String(EXPLAIN_MS)} ms` }));
    try {
      return await Promise.race([verdict, late]);
    } finally {
      done.abort();
    }
  };
}
