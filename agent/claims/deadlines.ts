import type { Clock } from "../../common/clock.js";
import type { Deadline } from "../runner/runner.js";

/*
 * How long an agent may trust a claim (D7, D8, P-6).
 *
 *   sent + 1/4 lease   next renewal
 *   sent + 1/2 lease   no atom starts any more
 *   sent + 4/5 lease   the claim counts as lost: bodies abort, nothing more is written
 *   sent + lease       another agent may claim
 *
 * `sent` is when the last good renewal (or the claim) was sent, on the monotonic clock and on the
 * wall clock: the monotonic one stands still while the machine sleeps, the wall one may jump.
 */

export const RENEW_SHARE = 0.25;
const START_SHARE = 0.5;
const ABORT_SHARE = 0.8;

/** A moment on both clocks. */
export interface Sent {
  readonly monotonic: number;
  readonly wall: number;
}

export function sentNow(clock: Clock): Sent {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

export function deadlineOf({ monotonic, wall }: Sent, leaseMs: number): Deadline {
  return {
    startMonotonic: monotonic + leaseMs * START_SHARE,
    startWall: wall + leaseMs * START_SHARE,
    abortMonotonic: monotonic + leaseMs * ABORT_SHARE,
    abortWall: wall + leaseMs * ABORT_SHARE,
    endMonotonic: monotonic + leaseMs,
    endWall: wall + leaseMs,
  };
}

/** Whether an atom may start. */
export function mayStart({ startMonotonic, startWall }: Deadline, clock: Clock): boolean {
  return clock.monotonic() < startMonotonic && clock.now() < startWall;
}

/** Whether the claim counts as lost. */
export function isOver({ abortMonotonic, abortWall }: Deadline, clock: Clock): boolean {
  return clock.monotonic() >= abortMonotonic || clock.now() >= abortWall;
}
