import type { Logger } from "pino";
import type { Clock } from "../common/clock.js";
import type { Config } from "../config/config.js";
import type { Tell } from "./events/telling/told.js";
import { JUMP_MS_MAX, type Persistence, type Retention } from "../persistence/persistence.js";

/** Time between two purges, ms; part of it is random so that agents do not purge in step. */
const PURGE_EVERY_MS = 10 * 60_000;
/** Pause within a long purge, ms: jobs come first. */
const PAUSE_MS = 200;

/** One moment on two clocks, ms. */
interface Moment {
  readonly database: number;
  readonly here: number;
}

export interface RetentionOptions {
  readonly persistence: Pick<Persistence, "purge" | "purgedAt" | "now">;
  readonly limits: Retention;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tell: Tell;
  random(): number;
}

/** As an owner writes them, in days. */
export function limitsOf({ days, ...limits }: Config["retention"]): Retention {
  return { ...limits, ageMs: days * 86_400_000 };
}

/**
 * Removes jobs that have been over for long, now and then. P-36: a purge that finds the database's
 * clock more than a day from where it must be removes nothing and complains; the next one believes
 * it, if it has gone on as clocks do. The first one of an agent compares with the last of any.
 */
export class RetentionSweep {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #last: Moment | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** One purge, to its end; the number of jobs that are gone. */
  async purge(): Promise<number> {
    const { persistence, limits, clock, log, tell } = this.#options;
    if (!(await this.#believesClock())) return 0;
    let removed = 0;
    for (let more = true; more && !this.#stop.signal.aborted;) {
      const purged = await persistence.purge(limits);
      removed += purged.removed;
      ({ more } = purged);
      if (more) await clock.sleep(PAUSE_MS, this.#stop.signal);
    }
    if (removed === 0) return 0;
    log.info({ jobs: removed }, "jobs that ended long ago removed");
    tell({ type: "jobs.removed", count: removed });
    return removed;
  }

  async #run(): Promise<void> {
    const { clock, log, random } = this.#options;
    for (;;) {
      await clock.sleep(PURGE_EVERY_MS * (0.75 + random() / 2), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      try {
        await this.purge();
      } catch (error) {
        log.warn({ err: error }, "old jobs could not be removed; it is tried again");
      }
    }
  }

  async #believesClock(): Promise<boolean> {
    const { persistence, clock, log } = this.#options;
    const now = { database: await persistence.now(), here: clock.monotonic() };
    const last = this.#last ?? (await this.#before(now.here));
    this.#last = now;
    if (last === undefined) return true;
    const jumpMs = now.database - last.database - (now.here - last.here);
    if (Math.abs(jumpMs) <= JUMP_MS_MAX) return true;
    log.warn(
      { jumpMs },
      "the clock of the database has jumped, or no agent ran: no old jobs are removed this time",
    );
    return false;
  }

  /** The last purge of any agent, as if it had been now. */
  async #before(here: number): Promise<Moment | undefined> {
    const database = await this.#options.persistence.purgedAt();
    return database === undefined ? undefined : { database, here };
  }
}
