import type { Logger } from "pino";
import { claimIdOf, type JobBoard, type Posting, type Renewed } from "../boards/board.js";
import type { Clock } from "../common/clock.js";
import { hasCode, JobrunnerError } from "../common/error.js";
import type { Deadline } from "./runner/runner.js";

/*
 * The claims this agent holds, and how long it may trust them (D7, D8, P-6, P-23).
 *
 *   sent + 1/4 lease   next renewal
 *   sent + 1/2 lease   no atom starts any more
 *   sent + 4/5 lease   the claim counts as lost: bodies abort, nothing more is written
 *   sent + lease       another agent may claim
 *
 * `sent` is when the last good renewal (or the claim) was sent, on the monotonic clock and on the
 * wall clock: the monotonic one stands still while the machine sleeps, the wall one may jump.
 */

const START_SHARE = 0.5;
const ABORT_SHARE = 0.8;
const RENEW_SHARE = 0.25;

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

interface Held extends Claim {
  readonly abort: AbortController;
  owned: Owned | undefined;
  sentMonotonic: number;
  sentWall: number;
}

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
  /** Whether the last exchange with the board worked. */
  readonly boardOk: boolean;
}

export function createClaims(options: ClaimsOptions): Claims {
  const keeper = new ClaimKeeper(options);
  keeper.start();
  return keeper;
}

class ClaimKeeper implements Claims {
  boardOk = true;
  readonly #options: ClaimsOptions;
  readonly #held = new Map<string, Held>();
  /** Asked for and not answered: the board may hold them for us already. */
  readonly #asked = new Set<string>();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #renewing: Promise<void> | undefined;
  #counter = 0;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#renewLoop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  knows(claimId: string): boolean {
    return this.#held.has(claimId) || this.#asked.has(claimId);
  }

  async claim(job: string): Promise<Claim | undefined> {
    const { board, clock, incarnation } = this.#options;
    this.#counter += 1;
    const claimId = claimIdOf(incarnation, this.#counter);
    const sent = { monotonic: clock.monotonic(), wall: clock.now() };
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
    for (const held of this.#trusted()) this.#lose(held, why);
  }

  /** There is one renewal at a time. */
  async renewNow(): Promise<void> {
    this.#loseExpired();
    if (this.#trusted().length === 0) return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  #hold(job: string, claimId: string, sent: { monotonic: number; wall: number }): Held {
    const abort = new AbortController();
    const held: Held = {
      job,
      claimId,
      owned: undefined,
      abort,
      lost: abort.signal,
      sentMonotonic: sent.monotonic,
      sentWall: sent.wall,
      deadline: () => this.#deadline(held.sentMonotonic, held.sentWall),
      fresh: () => {
        const deadline = held.deadline();
        const { clock } = this.#options;
        return clock.monotonic() < deadline.startMonotonic && clock.now() < deadline.startWall;
      },
    };
    this.#held.set(claimId, held);
    return held;
  }

  #deadline(sentMonotonic: number, sentWall: number): Deadline {
    const { leaseMs } = this.#options.board.traits;
    return {
      startMonotonic: sentMonotonic + leaseMs * START_SHARE,
      startWall: sentWall + leaseMs * START_SHARE,
      abortMonotonic: sentMonotonic + leaseMs * ABORT_SHARE,
      abortWall: sentWall + leaseMs * ABORT_SHARE,
      endMonotonic: sentMonotonic + leaseMs,
      endWall: sentWall + leaseMs,
    };
  }

  async #renewLoop(): Promise<void> {
    const { board, clock } = this.#options;
    const everyMs = board.traits.leaseMs * RENEW_SHARE;
    let renewAt = clock.monotonic() + everyMs;
    while (!this.#stop.signal.aborted) {
      // A claim whose renewals fail ends between two of them, not at the next.
      const wakeAt = Math.min(renewAt, ...this.#trusted().map(endOf));
      await clock.sleep(wakeAt - clock.monotonic(), this.#stop.signal);
      this.#loseExpired();
      if (clock.monotonic() < renewAt) continue;
      renewAt = clock.monotonic() + everyMs;
      if (!this.#stop.signal.aborted) await this.renewNow();
    }
  }

  #trusted(): readonly Held[] {
    return [...this.#held.values()].filter((held) => !held.lost.aborted);
  }

  async #renew(): Promise<void> {
    const { board, clock, log, renewed } = this.#options;
    const asked = this.#trusted();
    const sentMonotonic = clock.monotonic();
    const sentWall = clock.now();
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
      if (answer === "ok") {
        held.sentMonotonic = sentMonotonic;
        held.sentWall = sentWall;
      } else if (answer === "taken") this.#lose(held, "another agent holds the claim");
      else await this.#reclaim(held);
    }
    this.#loseExpired();
    renewed(this.#deadline(sentMonotonic, sentWall));
  }

  /** A renewal that hangs must not keep the loop from noticing that the lease runs out. */
  async #withinLease<T>(work: Promise<T>): Promise<T> {
    const { board, clock } = this.#options;
    const done = new AbortController();
    const ends = this.#trusted().map((held) => endOf(held) - clock.monotonic());
    const limitMs = Math.min(board.traits.leaseMs * RENEW_SHARE, ...ends);
    const over = AbortSignal.any([done.signal, this.#stop.signal]);
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

  /** P-23: the board lost the entry (wiped, or replaced). Nobody else has it: take it again. */
  async #reclaim(held: Held): Promise<void> {
    const { board, clock, log } = this.#options;
    if (!this.#held.has(held.claimId)) return; // Given back while the others were renewed.
    if (held.owned === undefined) return this.#lose(held, "the board lost the claim");
    const sentMonotonic = clock.monotonic();
    const sentWall = clock.now();
    try {
      const claimed = await board.reclaim(held.owned.posting, held.claimId);
      if (claimed !== "claimed") return this.#lose(held, "another agent holds the claim");
      const mine = await held.owned.stillMine();
      // Given back meanwhile, which the board may have heard first: nobody works on this claim.
      if (!this.#held.has(held.claimId)) return await board.abandon(held.job, held.claimId);
      if (!mine) return this.#lose(held, "another agent owns the job");
      held.sentMonotonic = sentMonotonic;
      held.sentWall = sentWall;
      log.info({ jobId: held.job }, "the board had lost the claim; taken again");
      this.#options.entryLost?.();
    } catch (error) {
      if (!hasCode(error, "BOARD_DOWN", "PERSISTENCE_DOWN")) throw error;
      // Not known yet: the next renewal asks again, and the deadline ends it otherwise.
    }
  }

  #loseExpired(): void {
    const { clock } = this.#options;
    for (const held of this.#trusted()) {
      const { abortMonotonic, abortWall } = held.deadline();
      if (clock.monotonic() >= abortMonotonic || clock.now() >= abortWall) {
        this.#lose(held, "the lease could not be renewed in time");
      }
    }
  }

  #lose(held: Held, why: string): void {
    if (held.lost.aborted) return;
    held.abort.abort(new JobrunnerError("OWNERSHIP_LOST", `${why}; stopped`));
  }
}

function endOf(held: Held): number {
  return held.deadline().abortMonotonic;
}
