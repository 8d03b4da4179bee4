interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Time of a flow under test, ms since 1970: it stands still until it is told to go on. */
export class TestClock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  /** Begins a run: nobody sleeps, and it is this time. */
  set(now: number): void {
    this.#sleepers.clear();
    this.#now = now;
  }

  /** Resolves when the time has come, or early when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (!(ms > 0) || signal?.aborted === true) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { until: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** It becomes this time, if that has not passed. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
  }

  /** Goes on to whoever wakes next and wakes all of that moment; false when nobody sleeps. */
  advance(): boolean {
    const next = Math.min(...[...this.#sleepers].map(({ until }) => until));
    if (!Number.isFinite(next)) return false;
    this.moveTo(next);
    for (const sleeper of this.#sleepers) if (sleeper.until <= this.#now) sleeper.wake();
    return true;
  }
}
