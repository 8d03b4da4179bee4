import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";
import { eitherSignal } from "../../common/signals/either.js";

export interface OutageOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long claims are kept while persistence does not answer. */
  readonly patienceMs: number;
  readonly stopping: AbortSignal;
}

/** P-35: claims are kept and outcomes wait, but not for ever: it may be this agent alone. */
export class Outage {
  readonly #options: OutageOptions;
  #over = new AbortController();

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** `tooLong` is called once, when it is not over in time. */
  begin(error: Error, tooLong: () => void): void {
    const { clock, log, patienceMs, stopping } = this.#options;
    log.warn({ err: error }, "checkpoints wait: persistence does not answer");
    this.#over = new AbortController();
    const ended = eitherSignal(stopping, this.#over.signal);
    void clock.sleep(patienceMs, ended).then(() => {
      if (!ended.aborted) tooLong();
    });
  }

  end(): void {
    this.#over.abort();
    this.#options.log.info("no checkpoint waits for persistence any more");
  }
}
