import type { Clock } from "../../common/clock.js";
import { untilTick } from "../../common/time/tick.js";
import { hasCode } from "../../common/error.js";
import { redactorOf } from "../../common/text/secret.js";
import type { Due } from "../../persistence/persistence.js";
import { fire, type FiringOptions, troubleOf } from "./firing.js";

/** Between two looks when nothing comes due before, ms: who else made a schedule does not say so. */
export const LOOK_EVERY_MS = 30_000;
/** Agents look so much later than something comes due, ms, each by its own chance: one is first. */
const SPREAD_MS = 1_000;
/** Until a job that could not be posted is tried again, ms; others may have its flow meanwhile. */
export const AGAIN_MS = 15_000;
/** Pause after persistence failed, ms. */
const TROUBLE_MS = 2_000;

export interface SchedulerOptions extends FiringOptions {
  readonly clock: Clock;
  random(): number;
}

/** A due time for which this agent could not post. */
interface Stuck {
  readonly dueAt: number;
  /** Monotonic, ms. */
  readonly againAt: number;
  /** What this agent has written about it. */
  readonly told?: string;
}

/**
 * Posts what schedules ask for when it is due. Every agent does, and none is in charge: what is due
 * stands in persistence, and is posted under a key of its own. Between due times an agent only
 * reads one row of an index, now and then.
 */
export class Scheduler {
  /** Resolves once a look has gone well. */
  readonly looked: Promise<void>;
  #tellLooked: () => void = () => undefined;
  readonly #options: SchedulerOptions;
  readonly #stop = new AbortController();
  readonly #stuck = new Map<string, Stuck>();
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #persistenceOk = true;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.looked = new Promise((resolve) => (this.#tellLooked = resolve));
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
  }

  /** To be called when a schedule was made or resumed here, or the machine has slept. */
  wake(): void {
    this.#wake.abort();
  }

  /** One look: acts on each schedule that is due, once. Resolves with the time until the next, ms. */
  async look(): Promise<number> {
    const { persistence } = this.#options;
    const { now, due, nextAt } = await persistence.schedules.due();
    this.#forgetAllBut(due);
    let waitMs = LOOK_EVERY_MS;
    for (const each of due) {
      if (this.#stop.signal.aborted) return 0;
      waitMs = Math.min(waitMs, this.#againInMs(each) ?? (await this.#fire(each, now)));
    }
    if (nextAt !== undefined) waitMs = Math.min(waitMs, nextAt - now + this.#spreadMs());
    // Nothing is known to come due: with whatever else the agent wakes for.
    return waitMs < LOOK_EVERY_MS ? waitMs : untilTick(waitMs, this.#options.clock.monotonic());
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      // Before the look: who wakes it meanwhile has changed what it may have seen already.
      this.#wake = new AbortController();
      const waitMs = await this.#guarded();
      if (this.#stop.signal.aborted) return;
      await clock.sleep(waitMs, this.#wake.signal);
    }
  }

  async #guarded(): Promise<number> {
    const { log } = this.#options;
    try {
      const waitMs = await this.look();
      this.#persistenceOk = true;
      this.#tellLooked();
      return waitMs;
    } catch (error) {
      if (this.#persistenceOk) log.warn({ err: error }, "schedules cannot be looked at");
      this.#persistenceOk = false;
      return TROUBLE_MS;
    }
  }

  /** Resolves with the time until the next look at it, ms. */
  async #fire(due: Due, now: number): Promise<number> {
    try {
      const first = await fire(this.#options, due, now);
      this.#stuck.delete(due.id);
      return first ? 0 : this.#spreadMs(); // Whoever was faster goes on with it, too.
    } catch (error) {
      if (hasCode(error, "PERSISTENCE_DOWN")) throw error;
      this.#options.metrics.scheduleFired(due.name, "failed");
      await this.#complain(due, error);
      return AGAIN_MS;
    }
  }

  /** From the second time on: at the first, another agent may be about to post the job. */
  async #complain(due: Due, error: unknown): Promise<void> {
    const { clock, persistence, log } = this.#options;
    const before = this.#stuck.get(due.id);
    const stuck = { dueAt: due.dueAt, againAt: clock.monotonic() + AGAIN_MS };
    this.#stuck.set(due.id, stuck);
    if (before === undefined) return;
    const row = await persistence.schedules.get(due.name);
    const text = troubleOf(error, row?.job.flow ?? "");
    const told = redactorOf(row?.job.params ?? {}, row?.job.secrets)?.(text) ?? text;
    this.#stuck.set(due.id, { ...stuck, told });
    if (told === before.told) return;
    log.warn({ schedule: due.name, why: told }, "a schedule cannot post its job; it tries again");
    if (told !== row?.trouble) await persistence.schedules.complain(due.id, due.dueAt, told);
  }

  /** Until this agent may try again what it could not post; undefined when it may now. */
  #againInMs({ id }: Due): number | undefined {
    const stuck = this.#stuck.get(id);
    const inMs = (stuck?.againAt ?? 0) - this.#options.clock.monotonic();
    return stuck === undefined || inMs <= 0 ? undefined : inMs;
  }

  /** What is no longer due was posted by others, skipped, paused or deleted. */
  #forgetAllBut(due: readonly Due[]): void {
    const still = new Map(due.map(({ id, dueAt }) => [id, dueAt]));
    for (const [id, { dueAt }] of this.#stuck) {
      if (still.get(id) !== dueAt) this.#stuck.delete(id);
    }
  }

  #spreadMs(): number {
    return SPREAD_MS * this.#options.random();
  }
}
