import type { JobRow } from "../../../persistence/persistence.js";
import type { Tell } from "./told.js";

/** Tells what becomes of one claim; nothing of one that was for no job. */
export class ClaimTeller {
  readonly #tell: Tell;
  #job: { readonly job: string; readonly flow: string } | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** The job is there and waits for an owner. Once for each claim, however often it is looked at. */
  claimed({ id, needs }: Pick<JobRow, "id" | "needs">): void {
    if (this.#job !== undefined) return;
    this.#job = { job: id, flow: needs.flow };
    this.#tell({ type: "job.claimed", ...this.#job });
  }

  /** The last that is told of it: what is not held any more is not given back. */
  lost(reason: string): void {
    if (this.#job !== undefined) this.#tell({ type: "job.lost", ...this.#job, reason });
    this.#job = undefined;
  }

  /** Not because it is over: that is told. */
  released(reason: string): void {
    if (this.#job !== undefined) this.#tell({ type: "job.released", ...this.#job, reason });
  }
}
