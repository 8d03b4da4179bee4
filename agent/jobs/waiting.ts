import type { Clock } from "../../common/clock.js";

/** First and longest pause between two looks at persistence while somebody waits, ms. */
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 1000;

interface Waiter {
  woken: AbortController;
}

export interface WaitLimit {
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** Who waits in this agent for which job to end. */
export class EndWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This agent wrote the job's end, or left the job: who waits should look now. */
  wake(id: string): void {
    for (const waiter of this.#waiters.get(id) ?? []) waiter.woken.abort();
  }

  /**
   * Resolves once `over` says true, `ms` are past or the signal aborts. Jobs of other agents are
   * only found by looking, so it looks at a slowing pace; each waiter costs one read a second.
   */
  async until(id: string, over: () => Promise<boolean>, limit: WaitLimit): Promise<void> {
    const waiter = this.#enter(id);
    try {
      await this.#look(waiter, over, limit);
    } finally {
      this.#leave(id, waiter);
    }
  }

  async #look(waiter: Waiter, over: () => Promise<boolean>, limit: WaitLimit): Promise<void> {
    const deadline = this.#clock.monotonic() + limit.ms;
    for (let pause = PAUSE_MS; ; pause = Math.min(PAUSE_MS_MAX, pause * 1.5)) {
      // Made before the look: a wake during it must not be slept through.
      waiter.woken = new AbortController();
      if (await over()) return;
      const left = deadline - this.#clock.monotonic();
      if (left <= 0 || limit.signal.aborted) return;
      const signal = AbortSignal.any([limit.signal, waiter.woken.signal]);
      await this.#clock.sleep(Math.min(pause, left), signal);
    }
  }

  #enter(id: string): Waiter {
    const waiter = { woken: new AbortController() };
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(waiter));
    return waiter;
  }

  #leave(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(id);
  }
}
