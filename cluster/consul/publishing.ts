export interface PublishingOptions {
  /** Pause after the first time, ms; it doubles with each time, as facts of a new agent come in. */
  readonly firstMs: number;
  /** Longest pause, ms. */
  readonly mostMs: number;
  /** 0 <= x < 1. */
  random(): number;
}

/**
 * When to write what has changed into a registry whose every write costs all of its servers: at
 * once the first time, later after a pause, and after a moment of its own choosing, so that what
 * happens to all agents is not written by all of them at once. What changes back is not written.
 */
export class Publishing {
  readonly #options: PublishingOptions;
  #published: { readonly text: string; readonly at: number } | undefined;
  #pauseMs = 0;
  #dueAt: number | undefined;

  constructor(options: PublishingOptions) {
    this.#options = options;
  }

  /** Whether `text` is to be written now; `now` is monotonic, ms. */
  isDue(text: string, now: number): boolean {
    if (this.#published === undefined) return true;
    if (text === this.#published.text) {
      this.#dueAt = undefined;
      return false;
    }
    const pause = this.#pauseMs;
    this.#dueAt ??= Math.max(this.#published.at + pause, now + this.#options.random() * pause);
    return now >= this.#dueAt;
  }

  /** What is written there may be wrong: it is due at once. */
  forget(): void {
    this.#published = undefined;
  }

  /** It was written. */
  done(text: string, now: number): void {
    const { firstMs, mostMs } = this.#options;
    this.#pauseMs = Math.min(mostMs, Math.max(firstMs, this.#pauseMs * 2));
    this.#published = { text, at: now };
    this.#dueAt = undefined;
  }
}
