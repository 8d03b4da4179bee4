import type { Clock } from "../../common/clock.js";

/** Pause before this agent looks at a job again that it gave back, ms; doubles with each time. */
const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 5 * 60_000;
/** Jobs that are remembered; the oldest are forgotten, which costs one more look at them. */
const REMEMBERED_MAX = 10_000;

/**
 * Jobs that this agent leaves to others, because their flow is built differently here (P-38). The
 * board offers them all the time; only this agent passes them over, longer each time it looked.
 */
export class Refusals {
  readonly #clock: Clock;
  readonly #refused = new Map<string, { readonly pauseMs: number; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#refused.size;
  }

  /** Whether it was given back before. */
  has(job: string): boolean {
    return this.#refused.has(job);
  }

  /** Whether it is still too early to look again. */
  passesOver(job: string): boolean {
    const refused = this.#refused.get(job);
    return refused !== undefined && this.#clock.monotonic() < refused.until;
  }

  refuse(job: string): void {
    const before = this.#refused.get(job)?.pauseMs;
    const pauseMs = before === undefined ? PAUSE_MS : Math.min(before * 2, PAUSE_MS_MAX);
    this.#refused.delete(job);
    this.#refused.set(job, { pauseMs, until: this.#clock.monotonic() + pauseMs });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > REMEMBERED_MAX && oldest !== undefined) this.#refused.delete(oldest);
  }

  forget(job: string): void {
    this.#refused.delete(job);
  }
}
