import { setMaxListeners } from "node:events";
import type { Clock } from "../../common/clock.js";
import type { DutyState } from "../../common/wire.js";
import type { Tell } from "../events/telling/told.js";

/**
 * Whether this agent takes jobs, and the signals that those it has obey. Cordoned: what runs goes
 * on. Draining: what runs is handed over at the next atom (P-22), as if the agent left. Asleep: the
 * same because its machine sleeps, whatever people said, and until it wakes.
 */
export class Duty {
  readonly #clock: Clock;
  readonly #drainTimeoutMs: () => number;
  readonly #tell: Tell;
  #told: Exclude<DutyState, "asleep"> = "ready";
  #asleep = false;
  #leaving = manyListen();
  #grace = manyListen();
  /** What ends the time of those that leave, also when the agent has come back since. */
  readonly #limits = new Map<AbortController, Limit>();

  /** After `drainTimeoutMs` of draining, tasks that still run are told to stop. */
  constructor(clock: Clock, drainTimeoutMs: () => number, tell: Tell) {
    this.#clock = clock;
    this.#drainTimeoutMs = drainTimeoutMs;
    this.#tell = tell;
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
    const before = this.state;
    if (this.#told === "ready") this.#told = "cordoned";
    this.#changed(before);
  }

  drain(): void {
    if (this.#told === "draining") return;
    const before = this.state;
    this.#told = "draining";
    this.#leave(this.#drainTimeoutMs());
    this.#changed(before);
    this.#tell({ type: "agent.drain" });
  }

  /** Does not wait for tasks any longer. */
  hurry(): void {
    for (const grace of [this.#grace, ...this.#limits.keys()]) this.#end(grace);
  }

  resume(): void {
    const before = this.state;
    if (this.#told === "draining" && !this.#asleep) this.#stay();
    this.#told = "ready";
    this.#changed(before);
  }

  /** Tasks get `limitMs`, also when they are being drained for longer. */
  sleep(limitMs: number): void {
    if (this.#asleep) return;
    const before = this.state;
    this.#asleep = true;
    this.#leave(Math.min(limitMs, this.#drainTimeoutMs()));
    for (const grace of this.#limits.keys()) this.#shorten(grace, limitMs);
    this.#changed(before);
  }

  wake(): void {
    const before = this.state;
    if (this.#asleep && this.#told !== "draining") this.#stay();
    this.#asleep = false;
    this.#changed(before);
  }

  #changed(before: DutyState): void {
    const { state } = this;
    if (state !== before) this.#tell({ type: "agent.state", from: before, to: state });
  }

  #leave(limitMs: number): void {
    this.#leaving.abort();
    this.#shorten(this.#grace, limitMs);
  }

  /** Those that leave hand over all the same, at their next atom, and have the time for it. */
  #stay(): void {
    this.#limit(this.#grace, this.#drainTimeoutMs());
    this.#leaving = manyListen();
    this.#grace = manyListen();
  }

  /** Of two reasons to leave the one that leaves less time counts. */
  #shorten(grace: AbortController, limitMs: number): void {
    const { endsAt = Infinity } = this.#limits.get(grace) ?? {};
    if (this.#clock.monotonic() + limitMs < endsAt) this.#limit(grace, limitMs);
  }

  #limit(grace: AbortController, limitMs: number): void {
    this.#limits.get(grace)?.over.abort();
    if (grace.signal.aborted) return;
    const over = new AbortController();
    this.#limits.set(grace, { over, endsAt: this.#clock.monotonic() + limitMs });
    void this.#clock.sleep(limitMs, over.signal).then(() => {
      if (!over.signal.aborted) this.#end(grace);
    });
  }

  #end(grace: AbortController): void {
    grace.abort();
    this.#limits.get(grace)?.over.abort();
    this.#limits.delete(grace);
  }
}

/** When the time of those that leave is over. */
interface Limit {
  /** Ends the timer. */
  readonly over: AbortController;
  /** On the monotonic clock. */
  readonly endsAt: number;
}

/** Each job that runs listens: no sign of a leak. */
function manyListen(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
