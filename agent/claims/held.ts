import type { Posting } from "../../boards/board.js";
import { JobrunnerError } from "../../common/error.js";
import type { Deadline } from "../runner/runner.js";
import type { Sent } from "./deadlines.js";

export interface Claim {
  readonly job: string;
  readonly claimId: string;
  /** Aborts, with an OWNERSHIP_LOST error, when the claim must no longer be trusted. */
  readonly lost: AbortSignal;
  deadline(): Deadline;
  /** P-6: less than half a lease since the claim was known to be good, on both clocks. */
  fresh(): boolean;
}

/** What taking a claim again needs to know of the job (P-23). */
export interface Owned {
  readonly posting: Posting;
  /** Whether persistence still names this very ownership. */
  stillMine(): Promise<boolean>;
}

/** A claim with what its keeper alone may change. */
export interface Held extends Claim {
  readonly abort: AbortController;
  owned: Owned | undefined;
  /** When it was last known to be good. */
  sent: Sent;
}

export function lose(held: Held, why: string): void {
  if (held.lost.aborted) return;
  held.abort.abort(new JobrunnerError("OWNERSHIP_LOST", `${why}; stopped`));
}
