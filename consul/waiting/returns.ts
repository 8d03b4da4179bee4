/**
 * Whether the servers answer, as far as requests have told, and who wants to know when they do so
 * again: a blocking query that hung on a connection that was cut hears of nothing for as long as
 * the Consul agent of this machine takes to notice, which may be half a minute. A cut during which
 * nothing else was asked is noticed by nobody.
 */
export class Returns {
  #isAway = false;
  readonly #listeners = new Set<() => void>();

  /** A request that the servers have to answer was not answered. */
  failed(): void {
    this.#isAway = true;
  }

  /** One was. */
  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` each time they answer again, until the function that it returns is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
