/** Wakes who waits; a hint that nobody waited for is kept for the next who does. */
export class Hint {
  readonly #waiting = new Set<() => void>();
  #kept = false;

  /** Resolves at the next hint, at once when one was kept, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      if (this.#kept) {
        this.#kept = false;
        return resolve();
      }
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
    });
  }

  give(): void {
    this.#kept = this.#waiting.size === 0;
    for (const wake of [...this.#waiting]) wake();
  }
}
