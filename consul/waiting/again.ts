import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../common/error.js";
import type { Returns } from "./returns.js";

/** Pause before another try, milliseconds; half of it is random. */
const PAUSE_MS = 200;

export interface Again {
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** Told whether the servers answer. */
  readonly returns: Returns;
}

/**
 * Does `work` again while Consul fails in passing (an election, a lost connection), for as long as
 * `patienceMs` allows another try, and the signal does not abort. `work` must be safe to repeat:
 * each try may have happened.
 */
export async function again<T>(
  { patienceMs, signal, returns }: Again,
  work: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      const done = await work();
      returns.answered();
      return done;
    } catch (error) {
      const passing = hasCode(error, "BOARD_DOWN") && error.retryable;
      if (passing) returns.failed(); // A refusal is an answer.
      if (!passing || performance.now() + PAUSE_MS > end || signal.aborted) throw error;
      const pauseMs = PAUSE_MS * (0.5 + Math.random() / 2);
      await sleep(pauseMs, undefined, { signal }).catch(() => {
        throw error; // Told to stop.
      });
    }
  }
}
