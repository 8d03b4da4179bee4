import type { AbortDeadline } from "../deadline.js";

/** How often running bodies are compared with the clock, ms. */
const LOOK_MS = 100;

/** Notices, while bodies run, that their deadline has passed. */
export class DeadlineWatch {
  readonly #deadline: AbortDeadline;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;
  #checking = false;

  constructor(deadline: AbortDeadline, expired: () => void) {
    this.#deadline = deadline;
    this.#expired = expired;
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
    if (!this.#deadline.over || this.#checking) return;
    this.#checking = true;
    // A loop that user code blocked runs this timer before it reads the beats that came meanwhile.
    afterReading(() => {
      this.#checking = false;
      if (this.#deadline.over && this.#timer !== undefined) this.#expired();
    });
  }
}

/** After the event loop has read what lies in its pipes: a whole turn, to be sure. */
function afterReading(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
