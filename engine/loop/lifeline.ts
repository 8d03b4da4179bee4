/** Whether an engine still is the one: ends everybody's waiting when it is not any more. */
export class Lifeline {
  readonly #controller = new AbortController();
  readonly #waiting = new Set<(reason: unknown) => void>();

  /** Aborts with the end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first end counts. */
  end(reason: Error): void {
    this.#controller.abort(reason);
    for (const reject of this.#waiting) reject(this.signal.reason);
    this.#waiting.clear();
  }

  /**
   * What `work` comes to, or a rejection when the end comes first. Unlike a race with one lasting
   * promise it leaves nothing behind: an engine waits as often as it appends.
   */
  hold<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason as Error);
      this.#waiting.add(reject);
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}
