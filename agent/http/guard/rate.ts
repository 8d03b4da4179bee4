import { JobrunnerError } from "../../../common/error.js";
import { LIMITS } from "../limits.js";

/**
 * How often each caller may ask: so many requests a second, and as many at once after a pause. It
 * keeps a program that went wild from starving others; it is no fence against a flood of packets.
 */
export class Rate {
  readonly #callers = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws BUSY for a caller that has asked too often. */
  take(caller: string): void {
    const now = this.#now();
    const before = this.#callers.get(caller) ?? { left: LIMITS.requestsASecond, at: now };
    const refilled = ((now - before.at) / 1_000) * LIMITS.requestsASecond;
    const left = Math.min(LIMITS.requestsASecond, before.left + refilled);
    this.#callers.delete(caller);
    this.#callers.set(caller, { left: Math.max(0, left - 1), at: now }); // Youngest last.
    if (this.#callers.size > LIMITS.callers) this.#forgetOldest();
    if (left >= 1) return;
    throw new JobrunnerError("BUSY", `more than ${LIMITS.requestsASecond} requests a second`, {
      hint: "Ask less often, or ask several agents.",
      retryable: true,
    });
  }

  #forgetOldest(): void {
    for (const caller of this.#callers.keys()) {
      this.#callers.delete(caller);
      return;
    }
  }
}

interface Bucket {
  readonly left: number;
  readonly at: number;
}
