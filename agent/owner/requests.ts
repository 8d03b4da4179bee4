import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";
import type { Persistence } from "../../persistence/persistence.js";
import type { JobControl } from "./job-control.js";

/** How often the requests of held jobs are read when no append brings them, ms (P-24). */
const EVERY_MS = 5_000;

export interface RequestsOptions {
  readonly persistence: Pick<Persistence, "requests">;
  readonly clock: Clock;
  readonly log: Logger;
  /** The jobs that run here, with what asks something of them. */
  running(): ReadonlyMap<string, JobControl>;
}

/** Tells the jobs that run here what was asked of them. */
export class RequestWatch {
  readonly #options: RequestsOptions;
  readonly #signal: AbortSignal;
  #isLooking = false;
  #loop: Promise<void> = Promise.resolve();

  /** Until `signal` aborts. */
  constructor(options: RequestsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Resolves once nothing is looked at any more. */
  get ended(): Promise<void> {
    return this.#loop;
  }

  /** A job begins: requests are looked at from now on, until none runs here any more. */
  look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#loop = this.#run();
  }

  async #run(): Promise<void> {
    const { clock, persistence, log, running } = this.#options;
    for (;;) {
      await clock.sleep(EVERY_MS, this.#signal);
      const jobs = running();
      if (this.#signal.aborted || jobs.size === 0) {
        this.#isLooking = false;
        return;
      }
      try {
        const requests = await persistence.requests([...jobs.keys()]);
        for (const [job, request] of requests) running().get(job)?.request(request);
      } catch (error) {
        log.debug({ err: error }, "could not read the requests of held jobs");
      }
    }
  }
}
