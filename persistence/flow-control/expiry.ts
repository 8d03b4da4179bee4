import type { StateReason } from "../../common/job.js";
import type { Change } from "../../engine/journal.js";

/** How a job ends that nobody has started in time (P-44): agents of every version can read it. */
export interface Expiry {
  readonly reason: StateReason;
  readonly changes: readonly Change[];
}

export function expiryOf(startBy: number): Expiry {
  const message = `no owner had started it by ${new Date(startBy).toISOString()}`;
  const failure = { name: "Expired", message, code: "EXPIRED" };
  return {
    reason: { code: "EXPIRED", message },
    changes: [
      { change: "cancel", revert: true, failure },
      { change: "flow", to: "CANCELLED" },
    ],
  };
}
