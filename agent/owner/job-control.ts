import type { JobRequest } from "../../common/job.js";
import type { Engine } from "../../engine/engine.js";

/**
 * What a person asked of a job that runs here (P-24). A request may come before the engine is
 * there, and more than once: with an append, by a hint, by the look at all held jobs.
 */
export class JobControl {
  #engine: Engine | undefined;
  #request: JobRequest | undefined;

  request(request: JobRequest): void {
    if (request === this.#request) return;
    this.#request = request;
    if (this.#engine !== undefined) obey(this.#engine, request);
  }

  /** From now on requests go to this engine, the one that came before included. */
  attach(engine: Engine): void {
    this.#engine = engine;
    if (this.#request !== undefined) obey(engine, this.#request);
  }

  detach(): void {
    this.#engine = undefined;
  }
}

function obey(engine: Engine, request: JobRequest): void {
  switch (request) {
    case "cancel":
      return engine.cancel(true);
    case "cancel-no-revert":
      return engine.cancel(false);
    case "suspend":
      // A person who suspends waits for the atoms that run, however long they take.
      return engine.leave("suspended", new AbortController().signal);
  }
}
