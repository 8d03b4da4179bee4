import type { Deadline } from "../runner.js";

/** How often running bodies are compared with the clock, ms. */
const LOOK_MS = 100;

/**
 * Knows until when bodies may run, on both clocks: the monotonic one stands still while a machine
 * sleeps, the wall clock may be set back.
 */
export class DeadlineWatch {
  #abort: { monotonic: number; wall: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #checking = false;
  readonly #expired: () => void;

  /** `expired` is called when the deadline passes while the watch is on. */
  constructor(expired: () => void) {
    this.#expired = expired;
  }

  /** A beat of the agent; it never takes time away, since beats may be overtaken. */
  extend(deadline: Deadline): void {
    const monotonic = Math.max(this.#abort?.monotonic ?? 0, deadline.abortMonotonic);
    this.#abort = { monotonic, wall: deadline.abortWall };
  }

  get over(): boolean {
    return this.#abort !== undefined && passed(this.#abort.monotonic, this.#abort.wall);
  }

  /** On while bodies run. */
  watch(on: boolean): void {
    if (!on) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    if (!this.over || this.#checking) return;
    this.#checking = true;
    // A loop that user code blocked runs this timer before it reads the beats that came meanwhile.
    afterReading(() => {
      this.#checking = false;
      if (this.over && this.#timer !== undefined) this.#expired();
    });
  }
}

/** P-34: whether a body may start, by the deadline that came with its call. */
export function mayStart(deadline: Deadline): boolean {
  return !passed(deadline.startMonotonic, deadline.startWall);
}

function passed(monotonic: number, wall: number): boolean {
  return Number(process.hrtime.bigint()) / 1e6 >= monotonic || Date.now() >= wall;
}

/** After the event loop has read what lies in its pipes: a whole turn, to be sure. */
function afterReading(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
