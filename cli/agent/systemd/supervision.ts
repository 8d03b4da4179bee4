import type { Pulse } from "../../../agent/health.js";
import type { Clock } from "../../../common/clock.js";
import type { Notify } from "./notifier.js";

export interface SupervisionParts {
  readonly clock: Clock;
  readonly notify: Notify;
  /** How long systemd waits for a sign of life, milliseconds; undefined when it does not. */
  readonly watchdogMs?: number | undefined;
  pulse(): Pulse;
}

/** How often the watchdog is fed in the time it allows; half of it is what systemd asks for. */
const FEEDS = 3;

/**
 * Keeps the service manager up to date while the agent runs. The watchdog is fed by the loop that
 * renews claims, not by a timer alone: an agent whose loop stands still is started anew, one whose
 * board or database is away is not, as that would help nobody.
 */
export class Supervision {
  readonly #parts: SupervisionParts;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: SupervisionParts) {
    this.#parts = parts;
  }

  async ready(): Promise<void> {
    const { notify, pulse } = this.#parts;
    await notify({ ready: true, status: pulse().note });
    this.#loop = this.#feed();
  }

  /** The agent leaves; the watchdog is fed on until `over`, as handing jobs over may take long. */
  async leaving(): Promise<void> {
    await this.#parts.notify({ stopping: true, status: "hands its jobs over" });
  }

  async over(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #feed(): Promise<void> {
    const { clock, notify, pulse, watchdogMs } = this.#parts;
    if (watchdogMs === undefined) return;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const { alive, note } = pulse();
      if (alive) await notify({ watchdog: true, status: note });
      await clock.sleep(watchdogMs / FEEDS, signal);
    }
  }
}
