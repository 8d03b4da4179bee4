import type { Logger } from "pino";
import type { JobBoard } from "../../boards/board.js";
import type { Clock } from "../../common/clock.js";
import { hasCode } from "../../common/error.js";
import { sentNow } from "./deadlines.js";
import { type Held, lose, type Owned } from "./held.js";

export interface ReclaimsOptions {
  readonly board: JobBoard;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the claim was not given back meanwhile. */
  isHeld(held: Held): boolean;
  /** An entry that the board had lost was taken again. */
  taken(): void;
}

/**
 * P-23: the board has lost entries (it was wiped, or replaced). Nobody else has them: they are
 * taken again, all at the same time, and beside the renewals: a database that does not answer must
 * keep no other claim from being renewed, and none from ending when its lease does.
 */
export class Reclaims {
  readonly #options: ReclaimsOptions;
  readonly #going = new Map<string, Promise<void>>();

  constructor(options: ReclaimsOptions) {
    this.#options = options;
  }

  /** Does nothing when it is being taken again already. */
  begin(held: Held): void {
    if (this.#going.has(held.claimId)) return;
    const going = this.#guarded(held).finally(() => this.#going.delete(held.claimId));
    this.#going.set(held.claimId, going);
  }

  /** Resolves when nothing is being taken again, or the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    await until(Promise.all(this.#going.values()), signal);
  }

  async #guarded(held: Held): Promise<void> {
    const { log } = this.#options;
    if (held.owned === undefined) return lose(held, "the board lost the claim");
    try {
      // A claim that is lost is waited for no longer; what was asked may be answered still.
      await until(this.#take(held, held.owned), held.lost);
    } catch (error) {
      // Not known yet: the next renewal asks again, and the deadline ends it otherwise.
      if (hasCode(error, "BOARD_DOWN", "PERSISTENCE_DOWN")) return;
      log.error({ jobId: held.job, err: error }, "a defect ended the taking of a claim");
      lose(held, "the claim could not be taken again");
    }
  }

  async #take(held: Held, owned: Owned): Promise<void> {
    const { board, clock, log, isHeld, taken } = this.#options;
    const sent = sentNow(clock);
    if ((await board.reclaim(owned.posting, held.claimId)) !== "claimed") {
      return lose(held, "another agent holds the claim");
    }
    const mine = await owned.stillMine();
    // Given back meanwhile, which the board may have heard first: nobody works on this claim.
    if (!isHeld(held)) return board.abandon(held.job, held.claimId);
    if (!mine) return lose(held, "another agent owns the job");
    // Renewals may have gone on meanwhile.
    if (sent.monotonic > held.sent.monotonic) held.sent = sent;
    log.info({ jobId: held.job }, "the board had lost the claim; taken again");
    taken();
  }
}

async function until(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return void work.catch(() => undefined);
  const stop = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true, signal: stop.signal });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    stop.abort();
  }
}
