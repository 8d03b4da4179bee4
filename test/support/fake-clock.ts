import type { Clock } from "../../common/clock.js";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that moves when told: both clocks together, or one of them alone. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #monotonic = 1_000_000;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (ms <= 0 || signal?.aborted === true) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#monotonic + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Lets `ms` pass; whoever sleeps wakes in turn, and what they start then has time to run. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (;;) {
      const due = [...this.#sleepers].sort((a, b) => a.at - b.at)[0];
      if (due === undefined || due.at > end) break;
      this.#move(due.at - this.#monotonic);
      due.wake();
      await settle();
    }
    this.#move(end - this.#monotonic);
    await settle();
  }

  /** The machine slept: the wall clock went on, the monotonic one stood still. */
  jumpWall(ms: number): void {
    this.#now += ms;
  }

  /** The same where both went on: whoever was to wake meanwhile wakes with the next `advance`. */
  oversleep(ms: number): void {
    this.#move(ms);
  }

  #move(ms: number): void {
    if (ms <= 0) return;
    this.#now += ms;
    this.#monotonic += ms;
  }
}

/** Real I/O of the parts under test, such as SQLite, ends within a few turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
