import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";

/** How long claims are kept while persistence does not answer, ms (P-35). */
const OUTAGE_MAX_MS = 5 * 60_000;

/** P-35: claims are kept and outcomes wait, but not for ever: it may be this agent alone. */
export class Outage {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping: AbortSignal;
  #over = new AbortController();

  constructor(clock: Clock, log: Logger, stopping: AbortSignal) {
    this.#clock = clock;
    this.#log = log;
    this.#stopping = stopping;
  }

  /** `tooLong` is called once, when it is not over in time. */
  begin(error: Error, tooLong: () => void): void {
    this.#log.warn({ err: error }, "checkpoints wait: persistence does not answer");
    this.#over = new AbortController();
    const ended = AbortSignal.any([this.#over.signal, this.#stopping]);
    void this.#clock.sleep(OUTAGE_MAX_MS, ended).then(() => {
      if (!ended.aborted) tooLong();
    });
  }

  end(): void {
    this.#over.abort();
    this.#log.info("no checkpoint waits for persistence any more");
  }
}
