import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../common/error.js";

/** Pause before another try, milliseconds; half of it is random. */
const PAUSE_MS = 200;

/**
 * Does `work` again while Consul fails in passing (an election, a lost connection), for as long as
 * `patienceMs` allows another try. `work` must be safe to repeat: each try may have happened.
 */
export async function again<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passing = hasCode(error, "BOARD_DOWN") && error.retryable;
      if (!passing || performance.now() + PAUSE_MS > end) throw error;
      await sleep(PAUSE_MS * (0.5 + Math.random() / 2));
    }
  }
}
