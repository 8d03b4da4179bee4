import type { Logger } from "pino";
import { claimIdOf, type JobBoard, type Renewed } from "../boards/board.js";
import type { Clock } from "../common/clock.js";
import { untilTick } from "../common/time/tick.js";
import { eitherSignal } from "../common/signals/either.js";
import { JobrunnerError } from "../common/error.js";
import {
  deadlineOf,
  isOver,
  mayStart,
  RENEW_SHARE,
  type Sent,
  sentNow,
} from "./claims/deadlines.js";
import { type Claim, type Held, lose, type Owned } from "./claims/held.js";
import { Reclaims } from "./claims/reclaims.js";
import type { Deadline } from "./runner/runner.js";

export type { Claim, Owned } from "./claims/held.js";

export interface ClaimsOptions {
  readonly board: JobBoard;
  readonly clock: Clock;
  readonly log: Logger;
  readonly incarnation: string;
  /** After each good renewal: the deadline that now holds for every claim. */
  renewed(deadline: Deadline): void;
  /** The board had lost an entry that was taken again (P-23): it may have lost all (P-31). */
  entryLost?(): void;
}

export interface Claims extends AsyncDisposable {
  /** Tries to claim; undefined when somebody was faster or the entry is gone. */
  claim(job: string): Promise<Claim | undefined>;
  /** From now on the claim is taken again should the board lose it (P-23). */
  own(claim: Claim, owned: Owned): void;
  /** Gives a claim back (or drops its entry, with `consume`); never throws, P-27 repairs. */
  release(claim: Claim, how: "abandon" | "consume", delayMs?: number): Promise<void>;
  /** Whether a claim is held here, or just being asked for (P-27). */
  knows(claimId: string): boolean;
  /** Ends all claims: this agent can do nothing for their jobs now, another one may. */
  loseAll(why: string): void;
  /** Loses what ran out, as in sleep, and renews the rest now; the loop does so in time. */
  renewNow(): Promise<void>;
  /** Whether the last renewal worked, as far as there was one. */
  readonly boardOk: boolean;
  /** False when the loop that renews claims stands still; trouble with the board is none of it. */
  readonly turning: boolean;
}

export function createClaims(options: ClaimsOptions): Claims {
  const keeper = new ClaimKeeper(options);
  keeper.start();
  return keeper;
}

/** The claims this agent holds: renewed together, each trusted for as long as its lease allows. */
class ClaimKeeper implements Claims {
  boardOk = true;
  readonly #options: ClaimsOptions;
  readonly #held = new Map<string, Held>();
  /** Asked for and not answered: the board may hold them for us already. */
  readonly #asked = new Set<string>();
  readonly #stop = new AbortController();
  readonly #reclaims: Reclaims;
  #loop: Promise<void> = Promise.resolve();
  #renewing: Promise<void> | undefined;
  #counter = 0;
  #turnedAt: number;
  /** Set while nothing is held: an idle agent does not wake for claims it does not have. */
  #rouse: (() => void) | undefined;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#turnedAt = options.clock.monotonic();
    this.#reclaims = new Reclaims({
      ...options,
      isHeld: ({ claimId }) => this.#held.has(claimId),
      taken: () => options.entryLost?.(),
    });
  }

  start(): void {
    this.#loop = this.#renewLoop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#rouse?.();
    await this.#loop;
    await this.#reclaims.idle(this.#stop.signal);
  }

  knows(claimId: string): boolean {
    return this.#held.has(claimId) || this.#asked.has(claimId);
  }

  /** A turn takes half a lease at most: a quarter of sleep, and a renewal that hangs. */
  get turning(): boolean {
    const { board, clock } = this.#options;
    if (this.#rouse !== undefined) return true;
    return clock.monotonic() - this.#turnedAt < board.traits.leaseMs;
  }

  async claim(job: string): Promise<Claim | undefined> {
    const { board, clock, incarnation } = this.#options;
    this.#counter += 1;
    const claimId = claimIdOf(incarnation, this.#counter);
    const sent = sentNow(clock);
    this.#asked.add(claimId);
    let held: Held;
    try {
      if ((await board.claim(job, claimId)) !== "claimed") return undefined;
      held = this.#hold(job, claimId, sent);
    } finally {
      this.#asked.delete(claimId);
    }
    // The answer may have taken long: a claim that is stale already is not worth an ownership.
    if (held.fresh()) return held;
    await this.release(held, "abandon");
    return undefined;
  }

  own(claim: Claim, owned: Owned): void {
    const held = this.#held.get(claim.claimId);
    if (held !== undefined) held.owned = owned;
  }

  async release(claim: Claim, how: "abandon" | "consume", delayMs = 0): Promise<void> {
    const { board, log } = this.#options;
    this.#held.delete(claim.claimId);
    try {
      if (how === "consume") await board.consume(claim.job, claim.claimId);
      else await board.abandon(claim.job, claim.claimId, delayMs);
    } catch (error) {
      // The sweep compares what the board says we hold with what we know, and gives the rest back.
      log.warn({ jobId: claim.job, err: error }, "could not release the claim; the sweep will");
    }
  }

  loseAll(why: string): void {
    for (const held of this.#trusted()) lose(held, why);
  }

  async renewNow(): Promise<void> {
    await this.#renewAll();
    await this.#reclaims.idle(this.#stop.signal);
  }

  /** There is one renewal at a time. */
  async #renewAll(): Promise<void> {
    this.#loseExpired();
    if (this.#trusted().length === 0) return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  #hold(job: string, claimId: string, sent: Sent): Held {
    const { board, clock } = this.#options;
    const abort = new AbortController();
    const held: Held = {
      ...{ job, claimId, abort, lost: abort.signal, owned: undefined, sent },
      deadline: () => deadlineOf(held.sent, board.traits.leaseMs),
      fresh: () => mayStart(held.deadline(), clock),
    };
    this.#held.set(claimId, held);
    this.#rouse?.();
    return held;
  }

  async #renewLoop(): Promise<void> {
    const { board, clock } = this.#options;
    const everyMs = board.traits.leaseMs * RENEW_SHARE;
    const next = (): number => clock.monotonic() + untilTick(everyMs, clock.monotonic());
    let renewAt = next();
    while (!this.#stop.signal.aborted) {
      if (this.#held.size === 0) {
        await this.#untilHeld();
        renewAt = Math.min(next(), ...this.#trusted().map(({ sent }) => sent.monotonic + everyMs));
      }
      // A claim whose renewals fail ends between two of them, not at the next.
      const wakeAt = Math.min(renewAt, ...this.#trusted().map(endOf));
      await clock.sleep(wakeAt - clock.monotonic(), this.#stop.signal);
      this.#turnedAt = clock.monotonic();
      this.#loseExpired();
      if (clock.monotonic() < renewAt) continue;
      renewAt = next();
      if (!this.#stop.signal.aborted) await this.#renewAll();
    }
  }

  /** Resolves when there is something to renew, or nothing ever will be. */
  async #untilHeld(): Promise<void> {
    this.boardOk = true; // Of renewals nothing is known any more.
    await new Promise<void>((resolve) => (this.#rouse = resolve));
    this.#turnedAt = this.#options.clock.monotonic();
    this.#rouse = undefined;
  }

  #trusted(): readonly Held[] {
    return [...this.#held.values()].filter((held) => !held.lost.aborted);
  }

  async #renew(): Promise<void> {
    const { board, clock, log, renewed } = this.#options;
    const asked = this.#trusted();
    const sent = sentNow(clock);
    let answers: ReadonlyMap<string, Renewed>;
    try {
      answers = await this.#withinLease(
        board.renew(new Map(asked.map((held) => [held.job, held.claimId]))),
      );
      this.boardOk = true;
    } catch (error) {
      if (this.boardOk) log.warn({ err: error }, "the board does not renew claims");
      this.boardOk = false;
      this.#loseExpired();
      return;
    }
    for (const held of asked) {
      const answer = answers.get(held.job) ?? "gone";
      if (answer === "ok") held.sent = sent;
      else if (answer === "taken") lose(held, "another agent holds the claim");
      // One that is not held any more was given back meanwhile.
      else if (this.#held.has(held.claimId)) this.#reclaims.begin(held);
    }
    this.#loseExpired();
    renewed(deadlineOf(sent, board.traits.leaseMs));
  }

  /** A renewal that hangs must not keep the loop from noticing that the lease runs out. */
  async #withinLease<T>(work: Promise<T>): Promise<T> {
    const { board, clock } = this.#options;
    const done = new AbortController();
    const ends = this.#trusted().map((held) => endOf(held) - clock.monotonic());
    const limitMs = Math.min(board.traits.leaseMs * RENEW_SHARE, ...ends);
    const over = eitherSignal(this.#stop.signal, done.signal);
    const timeout = clock.sleep(limitMs, over).then((): never => {
      throw new JobrunnerError("BOARD_DOWN", "the board took too long to renew claims");
    });
    timeout.catch(() => undefined); // Lost races end here.
    try {
      return await Promise.race([work, timeout]);
    } finally {
      done.abort();
    }
  }

  #loseExpired(): void {
    for (const held of this.#trusted()) {
      if (!isOver(held.deadline(), this.#options.clock)) continue;
      lose(held, "the lease could not be renewed in time");
    }
  }
}

function endOf(held: Held): number {
  return held.deadline().abortMonotonic;
}
