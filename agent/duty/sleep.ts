import type { Logger } from "pino";
import type { Membership } from "../../cluster/membership.js";
import { TICK_MS, untilTick } from "../../common/time/tick.js";
import type { Power } from "../../power/power.js";
import type { Duty } from "./duty.js";
import { handOver, type HandingOver } from "./hand-over.js";

/*
 * What an agent does when its machine sleeps. Where the system says so beforehand, jobs are handed
 * over and the others are told; waking is noticed everywhere, by the clocks.
 *
 *   awake --told by the system--> asleep --told by the system, or the clocks jump--> awake
 *     \------------------ the clocks jump (it slept without a word) ---------------->/
 */

/**
 * How far the wall clock goes ahead of the monotonic one in sleep, ms; or how late a look is, where
 * that one goes on in sleep as well, as on macOS and Windows.
 */
const JUMP_MS = 10_000;
/** Tasks that run get so long to end, ms; then they are told to stop. */
const SETTLE_MS = 2_500;
/** What that may take in turn, ms: with it 3.5 s, of the 5 s that logind allows by default. */
const LATE_MS = 1_000;
/** For the registry, beside the hand-over, ms. */
const TELL_MS = 3_500;
/** Awake for so long after being told of sleep, ms: the word that it is over was lost. */
const AWAKE_MS = 30_000;

export interface SleepParts extends Pick<HandingOver, "clock" | "conductor" | "claims"> {
  readonly power: Power;
  readonly membership: Pick<Membership, "asleep">;
  readonly duty: Duty;
  readonly log: Logger;
  /** Everything known before may be wrong now, claims first of all; then it takes jobs again. */
  woken(): void;
}

/** Follows the sleep of the machine, from `start` to `stop`. */
export class Sleep {
  readonly #parts: SleepParts;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #asleep: { readonly since: number; readonly over: AbortController } | undefined;

  constructor(parts: SleepParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.power.watch({ sleeps: () => this.#sleeps(), wakes: () => this.#wakes("told so") });
    this.#loop = this.#compareClocks();
  }

  /** The agent leaves: it hands over anyway, and is not told of sleep any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#asleep?.over.abort();
    await this.#loop;
  }

  /** Resolves when the machine may sleep. */
  async #sleeps(): Promise<void> {
    const { clock, duty, membership, log } = this.#parts;
    if (this.#stop.signal.aborted || this.#asleep !== undefined) return;
    const over = new AbortController();
    this.#asleep = { since: clock.monotonic(), over };
    log.info("the machine goes to sleep: jobs are handed over");
    duty.sleep(SETTLE_MS);
    const told = Promise.race([membership.asleep(clock.now()), clock.sleep(TELL_MS, over.signal)]);
    const why = "the machine goes to sleep";
    await Promise.all([told, handOver({ ...this.#parts, lateMs: LATE_MS, why }, over.signal)]);
    over.abort(); // Ends the timers that lost.
  }

  #wakes(how: string): void {
    const { duty, membership, log, woken } = this.#parts;
    if (this.#stop.signal.aborted) return;
    this.#asleep?.over.abort();
    this.#asleep = undefined;
    log.info({ how }, "the machine has woken: claims are checked, jobs are taken again");
    void membership.asleep(undefined);
    duty.wake();
    woken();
  }

  async #compareClocks(): Promise<void> {
    const { clock } = this.#parts;
    let ahead = clock.now() - clock.monotonic();
    while (!this.#stop.signal.aborted) {
      const due = clock.monotonic() + untilTick(TICK_MS, clock.monotonic());
      await clock.sleep(due - clock.monotonic(), this.#stop.signal);
      const now = clock.now() - clock.monotonic();
      const since = this.#asleep?.since ?? Infinity;
      if (now - ahead > JUMP_MS) this.#wakes("the clocks jumped");
      else if (clock.monotonic() - due > JUMP_MS) this.#wakes("a look at the clocks was late");
      else if (clock.monotonic() - since > AWAKE_MS) this.#wakes("it has been awake for long");
      ahead = now;
    }
  }
}
