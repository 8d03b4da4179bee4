import type { Logger } from "pino";
import type { JobBoard, Survey } from "../boards/board.js";
import type { Clock } from "../common/clock.js";
import { hasCode } from "../common/error.js";
import { TICK_MS, untilTick } from "../common/time/tick.js";
import type { Persistence } from "../persistence/persistence.js";
import type { Claims } from "./claims.js";
import type { Tell } from "./events/telling/told.js";
import type { HookBook } from "./hooks/book.js";
import type { OwnerIdentity } from "./owner/ownership.js";
import { Agreement, type Boards } from "./sweep/agreement.js";
import { putBack } from "./sweep/put-back.js";

/**
 * So long after a regular sweep of the whole cluster the next one is due, ms. Agents look at their
 * first tick after that: a lone one sweeps with every third.
 */
const DUE_AFTER_MS = 25_000;
/** Pause after the board or persistence failed, or while agents are not on one board, ms. */
const TROUBLE_MS = 1_000;

export interface SweepOptions {
  readonly board: JobBoard;
  readonly persistence: Persistence;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly log: Logger;
  readonly identity: OwnerIdentity;
  readonly tell: Tell;
  readonly hooks?: HookBook;
  /** The state directory, which remembers the board this agent last agreed to. */
  readonly directory: string;
  /** Nothing keeps this agent from claiming any more, as far as the sweep knows. */
  recovered?(): void;
}

/**
 * What makes the board a disposable index. Every agent, twice a minute: agrees with the cluster on
 * which board is in use (P-30), and gives back claims nobody here knows of (P-27). One of them:
 * puts open jobs that are missing on the board back on it (P-31), and ends jobs that nobody started
 * in time (P-44); and each does when it has a reason, at once. Agents that do it at the same time
 * do no harm.
 */
export class Sweep {
  /** False while persistence does not answer, or was changed for newer agents only. */
  persistenceOk = true;
  /** Database clock minus this machine's, ms. */
  #offsetMs = 0;
  readonly #options: SweepOptions;
  readonly #agreement: Agreement;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** False when the last sweep ended because the board did not answer. */
  #boardOk = true;
  /** There is a reason to put back, whosever turn it is. */
  #owed = true;
  #nextInMs = DUE_AFTER_MS;
  #reconnects = 0;
  #sweeping = false;
  /** Something kept this agent from claiming, and nobody was told yet that nothing does. */
  #kept = true;
  #wake = new AbortController();

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#agreement = new Agreement(options);
  }

  /** The board agreed to; undefined while this agent must not claim. */
  get boardId(): string | undefined {
    return this.#agreement.boardId;
  }

  /** Why it must not, for people. */
  get disagreement(): string | undefined {
    return this.#agreement.disagreement;
  }

  /** Nothing is left to be put back on the board, as far as this agent knows. */
  get settled(): boolean {
    return !this.#owed && !this.#sweeping && !this.#wake.signal.aborted;
  }

  /** Database time as well as this agent knows it, ms since 1970. */
  databaseNow(): number {
    return this.#options.clock.now() + this.#offsetMs;
  }

  /** Sweeps once, so that the first look at the board sees every open job; then again and again. */
  async start(): Promise<void> {
    await this.#guarded();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
  }

  /** P-35: nothing is claimed until a sweep finds that persistence answers again. */
  persistenceDown(): void {
    if (!this.persistenceOk) return;
    this.persistenceOk = false;
    this.#kept = true;
    this.#wake.abort();
  }

  /** P-30: a raise found another board in use. Nothing is claimed until a sweep has looked. */
  boardDiffers(): void {
    if (this.boardId === undefined) return;
    this.#agreement.boardId = undefined;
    this.#kept = true;
    this.#wake.abort();
  }

  /** P-31: what a look at the board shows of it: that it is another one, or that it was away. */
  surveyed({ boardId, reconnects = 0 }: Survey): void {
    const away = reconnects !== this.#reconnects;
    this.#reconnects = reconnects;
    if (away) this.wake();
    else if (boardId !== this.boardId && this.boardId !== undefined) this.#wake.abort();
  }

  /** Puts back soon: a put failed, or the board is back or has lost something. */
  wake(): void {
    this.#owed = true;
    this.#wake.abort();
  }

  /** P-30: which board this agent is on, and which the cluster uses. */
  boards(): Promise<Boards> {
    return this.#agreement.look();
  }

  /** P-30: an operator says that the board here is the cluster's; open jobs are put on it. */
  async useBoard(): Promise<Boards> {
    const boards = await this.#agreement.force();
    this.wake();
    if (this.#mayClaim) this.#recovered();
    return boards;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      const healthy = this.#boardOk && this.#mayClaim;
      // Machines have their ticks at different times. Agents of one machine ask all at once, and
      // one of them gets the turn.
      const restMs = untilTick(this.#nextInMs + TICK_MS, clock.monotonic());
      await clock.sleep(healthy ? restMs : TROUBLE_MS, this.#wake.signal);
      if (this.#stop.signal.aborted) return;
      // Before the sweep: who wakes it meanwhile has changed what it may have looked at already.
      this.#wake = new AbortController();
      await this.#guarded();
    }
  }

  async #guarded(): Promise<void> {
    const { log } = this.#options;
    this.#sweeping = true;
    try {
      await this.sweep();
      if (!this.persistenceOk) log.info("persistence answers again");
      this.persistenceOk = true;
      this.#boardOk = true;
    } catch (error) {
      if (hasCode(error, "PERSISTENCE_DOWN")) {
        const { message, hint } = error;
        if (this.persistenceOk) log.warn({ err: error, hint }, `${message} Claiming nothing.`);
        this.persistenceOk = false;
      } else if (hasCode(error, "BOARD_DOWN")) {
        this.#boardOk = false; // The board's watch has told it.
        this.#owed = true;
      } else log.warn({ err: error }, "the sweep failed; it is tried again");
    } finally {
      this.#sweeping = false;
    }
    if (!this.#mayClaim) this.#kept = true;
    else if (this.#kept) this.#recovered();
  }

  get #mayClaim(): boolean {
    return this.persistenceOk && this.boardId !== undefined;
  }

  #recovered(): void {
    this.#kept = false;
    this.#options.recovered?.();
  }

  /** One sweep. */
  async sweep(): Promise<void> {
    const { persistence, clock } = this.#options;
    await persistence.applied(); // A newer agent may have taken away what this one goes by.
    // P-35: what only reads, such as a database whose disk is full, takes no claims.
    if (!this.persistenceOk) await persistence.check();
    const before = clock.now();
    const database = await persistence.now();
    this.#offsetMs = database - (before + clock.now()) / 2;
    if (await this.#agreement.seek()) this.#owed = true;
    if (this.boardId === undefined) return;
    await this.#giveBack();
    const { mine, nextInMs } = await persistence.takeSweep(DUE_AFTER_MS);
    this.#nextInMs = nextInMs;
    if (!mine && !this.#owed) return;
    // What comes up from here on is another reason; and what fails leaves this one.
    this.#owed = false;
    let done = false;
    try {
      done = await putBack(this.#options, this.#stop.signal);
    } finally {
      if (!done) this.#owed = true;
    }
  }

  /** P-27: a claim the board says is ours and that nobody here works on. */
  async #giveBack(): Promise<void> {
    const { board, claims, identity, log } = this.#options;
    const onBoard = await board.held(identity.incarnation);
    for (const [job, claimId] of onBoard) {
      if (claims.knows(claimId)) continue;
      log.info({ jobId: job }, "giving back a claim that nobody works on");
      await board.abandon(job, claimId);
    }
  }
}
