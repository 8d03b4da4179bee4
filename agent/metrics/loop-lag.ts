/** How often the event loop is looked at, ms. */
const EVERY_MS = 1_000;

/** How late the agent's own event loop is: whatever holds it up holds up renewals, too. */
export class LoopLag {
  #due = performance.now() + EVERY_MS;
  #lastMs = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), EVERY_MS).unref();
  }

  /** Lateness of the last look, or of the one that is overdue, ms. */
  get ms(): number {
    return Math.max(this.#lastMs, performance.now() - this.#due, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#lastMs = Math.max(0, performance.now() - this.#due);
    this.#due = performance.now() + EVERY_MS;
  }
}
