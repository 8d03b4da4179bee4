import type { Clock } from "../common/clock.js";
import type { Fact } from "./fact.js";
import { reasonOf } from "./source.js";

export interface LookOptions<T> {
  readonly clock: Clock;
  readonly limitMs: number;
  read(signal: AbortSignal): T | Promise<T>;
  /** What was found, also when it comes late; or why nothing was. */
  done(result: { readonly ok: T } | { readonly failed: string }): void;
}

/**
 * Looks at one source, again and again, one look at a time. A look that hangs is given up after its
 * limit and not begun anew until it has ended: a dead network disk must not eat a thread each time.
 */
export class Look<T> {
  readonly #options: LookOptions<T>;
  #answered: Promise<void> | undefined;
  #pending: Promise<void> | undefined;
  /** Monotonic time of the last answer, ms. */
  #at = Number.NEGATIVE_INFINITY;

  constructor(options: LookOptions<T>) {
    this.#options = options;
  }

  /** Whether the last answer, if there is one, is older than so many milliseconds. */
  olderThan(ms: number): boolean {
    const ageMs = this.#options.clock.monotonic() - this.#at;
    return ageMs > ms || ageMs === Number.POSITIVE_INFINITY;
  }

  /** Resolves when this look, or the one under way, has an answer or is given up. Never rejects. */
  again(): Promise<void> {
    // The one that hangs was given up already: nothing new to wait for.
    if (this.#pending !== undefined) return this.#answered ?? Promise.resolve();
    this.#answered = this.#look().finally(() => {
      this.#answered = undefined;
    });
    return this.#answered;
  }

  async #look(): Promise<void> {
    const { clock, limitMs, done } = this.#options;
    const answered = new AbortController();
    const late = new AbortController();
    this.#pending = this.#read(late.signal).finally(() => {
      this.#pending = undefined;
      answered.abort();
    });
    await clock.sleep(limitMs, answered.signal);
    if (answered.signal.aborted) return;
    done({ failed: `no answer within ${limitMs} ms` });
    this.#at = clock.monotonic();
    late.abort();
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { clock, read, done } = this.#options;
    try {
      done({ ok: await read(signal) });
    } catch (error) {
      // Being told to stop is no answer: the limit has said why.
      if (!signal.aborted) done({ failed: reasonOf(error) });
    }
    this.#at = clock.monotonic();
  }
}

export function isKnown<T>(fact: Fact<T>): fact is Extract<Fact<T>, { readonly known: T }> {
  return "known" in fact;
}
