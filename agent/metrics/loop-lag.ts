import type { Clock } from "../../common/clock.js";
import { TICK_MS, untilTick } from "../../common/time/tick.js";

/** How late the agent's own event loop is: whatever holds it up holds up renewals, too. */
export class LoopLag {
  #due: number;
  #lastMs = 0;
  readonly #clock: Pick<Clock, "monotonic" | "sleep">;
  readonly #stop = new AbortController();

  constructor(clock: Pick<Clock, "monotonic" | "sleep">) {
    this.#clock = clock;
    this.#due = clock.monotonic();
    void this.#look();
  }

  /** Lateness of the last look, or of the one that is overdue, ms. */
  get ms(): number {
    return Math.max(this.#lastMs, this.#clock.monotonic() - this.#due, 0);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const waitMs = untilTick(TICK_MS, this.#clock.monotonic());
      this.#due = this.#clock.monotonic() + waitMs;
      await this.#clock.sleep(waitMs, signal);
      this.#lastMs = Math.max(0, this.#clock.monotonic() - this.#due);
    }
  }
}
