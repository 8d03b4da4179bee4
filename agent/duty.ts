import { setMaxListeners } from "node:events";
import type { Clock } from "../common/clock.js";

export type DutyState = "ready" | "cordoned" | "draining";

/**
 * Whether this agent takes jobs, and the signals that those it has obey. Cordoned: what runs goes
 * on. Draining: what runs is handed over at the next atom (P-22), as if the agent left.
 */
export class Duty {
  readonly #clock: Clock;
  readonly #drainTimeoutMs: number;
  #state: DutyState = "ready";
  #leaving = manyListen();
  #grace = manyListen();

  /** After `drainTimeoutMs` of draining, tasks that still run are told to stop. */
  constructor(clock: Clock, drainTimeoutMs: number) {
    this.#clock = clock;
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  get state(): DutyState {
    return this.#state;
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
    if (this.#state === "ready") this.#state = "cordoned";
  }

  drain(): void {
    if (this.#state === "draining") return;
    this.#state = "draining";
    this.#leaving.abort();
    const grace = this.#grace;
    void this.#clock.sleep(this.#drainTimeoutMs, grace.signal).then(() => grace.abort());
  }

  /** Does not wait for tasks any longer. */
  hurry(): void {
    this.#grace.abort();
  }

  resume(): void {
    if (this.#state === "draining") {
      this.#grace.abort(); // Ends its timer; whoever left has left.
      this.#leaving = manyListen();
      this.#grace = manyListen();
    }
    this.#state = "ready";
  }
}

/** Each job that runs listens: no sign of a leak. */
function manyListen(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
