import type { Lifeline } from "./lifeline.js";

/** What came in while the engine was busy, until it looks; one that waits is woken. */
export class Inbox {
  readonly #lifeline: Lifeline;
  #reports: (() => void)[] = [];
  #poked = false;
  #wake: () => void = () => undefined;

  constructor(lifeline: Lifeline) {
    this.#lifeline = lifeline;
  }

  get size(): number {
    return this.#reports.length;
  }

  put(report: () => void): void {
    this.#reports.push(report);
    this.poke();
  }

  /** There is something to look at besides reports. */
  poke(): void {
    this.#poked = true;
    this.#wake();
  }

  empty(): void {
    const reports = this.#reports;
    this.#reports = [];
    for (const report of reports) report();
  }

  /** Resolves when something has come in since it resolved last. */
  async news(): Promise<void> {
    if (!this.#poked) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#lifeline.hold(woken);
    }
    this.#poked = false;
  }
}
