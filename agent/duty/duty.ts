import { setMaxListeners } from "node:events";
import type { Clock } from "../../common/clock.js";
import type { DutyState } from "../../common/wire.js";

/**
 * Whether this agent takes jobs, and the signals that those it has obey. Cordoned: what runs goes
 * on. Draining: what runs is handed over at the next atom (P-22), as if the agent left. Asleep: the
 * same because its machine sleeps, whatever people said, and until it wakes.
 */
export class Duty {
  readonly #clock: Clock;
  readonly #drainTimeoutMs: () => number;
  #told: Exclude<DutyState, "asleep"> = "ready";
  #asleep = false;
  #leaving = manyListen();
  #grace = manyListen();

  /** After `drainTimeoutMs` of draining, tasks that still run are told to stop. */
  constructor(clock: Clock, drainTimeoutMs: () => number) {
    this.#clock = clock;
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  get state(): DutyState {
    return this.#asleep ? "asleep" : this.#told;
  }

  /** What people said, also while it sleeps. */
  get told(): Exclude<DutyState, "asleep"> {
    return this.#told;
  }

  /** Aborts when jobs are to be handed over at their next atom; those begun later have another. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Aborts when also what is running must stop. */
  get grace(): AbortSignal {
    return this.#grace.signal;
  }

  cordon(): void {
    if (this.#told === "ready") this.#told = "cordoned";
  }

  drain(): void {
    if (this.#told === "draining") return;
    this.#told = "draining";
    this.#leave(this.#drainTimeoutMs());
  }

  /** Does not wait for tasks any longer. */
  hurry(): void {
    this.#grace.abort();
  }

  resume(): void {
    if (this.#told === "draining" && !this.#asleep) this.#stay();
    this.#told = "ready";
  }

  /** Tasks get `limitMs`, also when they are being drained for longer. */
  sleep(limitMs: number): void {
    if (this.#asleep) return;
    this.#asleep = true;
    this.#leave(Math.min(limitMs, this.#drainTimeoutMs()));
  }

  wake(): void {
    if (this.#asleep && this.#told !== "draining") this.#stay();
    this.#asleep = false;
  }

  #leave(limitMs: number): void {
    this.#leaving.abort();
    const grace = this.#grace;
    void this.#clock.sleep(limitMs, grace.signal).then(() => grace.abort());
  }

  #stay(): void {
    this.#grace.abort(); // Ends its timer; whoever left has left.
    this.#leaving = manyListen();
    this.#grace = manyListen();
  }
}

/** Each job that runs listens: no sign of a leak. */
function manyListen(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
