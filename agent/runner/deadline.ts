import type { LeaseEnd } from "./guard/guard-messages.js";
import type { Deadline } from "./runner.js";

/**
 * Until when bodies may run, by the latest word of the agent, on both clocks: the monotonic one
 * stands still while a machine sleeps, the wall clock may be set back.
 */
export class AbortDeadline {
  #monotonic: number | undefined;
  #wall = 0;
  #end: LeaseEnd | undefined;

  /** Another word; an older one that was overtaken takes no time away. */
  extend(deadline: Deadline): void {
    if (this.#monotonic !== undefined && deadline.abortMonotonic < this.#monotonic) return;
    this.#monotonic = deadline.abortMonotonic;
    this.#wall = deadline.abortWall;
    const { endMonotonic, endWall } = toJsonDeadline(deadline);
    this.#end = { monotonic: endMonotonic, wall: endWall };
  }

  /** When somebody else may own; undefined as long as nothing was said. */
  get end(): LeaseEnd | undefined {
    return this.#end;
  }

  /** False as long as nothing was said. */
  get over(): boolean {
    return this.#monotonic !== undefined && passed(this.#monotonic, this.#wall);
  }
}

/** P-34: whether a body may start, by the deadline that came with its call. */
export function mayStart(deadline: Deadline): boolean {
  return !passed(deadline.startMonotonic, deadline.startWall);
}

function passed(monotonic: number, wall: number): boolean {
  return Number(process.hrtime.bigint()) / 1e6 >= monotonic || Date.now() >= wall;
}

/** The deadline as JSON can carry it: what never comes is a time nobody lives to see. */
export function toJsonDeadline(deadline: Deadline): Deadline {
  const { startMonotonic, startWall, abortMonotonic, abortWall, endMonotonic, endWall } = deadline;
  return {
    startMonotonic: Math.min(startMonotonic, Number.MAX_VALUE),
    startWall: Math.min(startWall, Number.MAX_VALUE),
    abortMonotonic: Math.min(abortMonotonic, Number.MAX_VALUE),
    abortWall: Math.min(abortWall, Number.MAX_VALUE),
    endMonotonic: Math.min(endMonotonic, Number.MAX_VALUE),
    endWall: Math.min(endWall, Number.MAX_VALUE),
  };
}
