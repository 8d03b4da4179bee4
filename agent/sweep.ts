import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { JobBoard } from "../boards/board.js";
import type { Clock } from "../common/clock.js";
import { hasCode } from "../common/error.js";
import { toSignature } from "../common/job.js";
import type { OpenJob, Persistence } from "../persistence/persistence.js";
import type { Claims } from "./claims.js";

/** Time between two sweeps, ms; part of it is random so that agents do not sweep in step. */
const SWEEP_EVERY_MS = 30_000;
/** Open jobs looked at per read. */
const PAGE = 500;

export interface SweepOptions {
  readonly board: JobBoard;
  readonly persistence: Persistence;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly log: Logger;
  readonly incarnation: string;
  /** The state directory, which remembers the board this agent last agreed to. */
  readonly directory: string;
  random(): number;
}

/**
 * What makes the board a disposable index: agrees with the cluster on which board is in use
 * (P-30), gives back claims nobody here knows of (P-27), and puts open jobs that are missing on the
 * board back on it (P-31). Two agents that sweep at once do no harm.
 */
export class Sweep {
  /** The board agreed to; undefined while this agent must not claim. */
  boardId: string | undefined;
  /** Why it must not, for people. */
  disagreement: string | undefined;
  /** False while persistence does not answer. */
  persistenceOk = true;
  /** Database clock minus this machine's, ms. */
  offsetMs = 0;
  readonly #options: SweepOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** False when the last sweep ended because the board did not answer. */
  #boardOk = true;
  #wake = new AbortController();

  constructor(options: SweepOptions) {
    this.#options = options;
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
    this.wake();
  }

  /** P-30: a raise found another board in use. Nothing is claimed until a sweep has looked. */
  boardDiffers(): void {
    if (this.boardId === undefined) return;
    this.boardId = undefined;
    this.wake();
  }

  /** Sweeps soon: a put failed, or the board or persistence is back. */
  wake(): void {
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    while (!this.#stop.signal.aborted) {
      const healthy = this.persistenceOk && this.#boardOk && this.boardId !== undefined;
      const waitMs = healthy ? SWEEP_EVERY_MS * (0.75 + random() / 2) : 1_000;
      await clock.sleep(waitMs, this.#wake.signal);
      if (this.#stop.signal.aborted) return;
      // Before the sweep: who wakes it meanwhile has changed what it may have looked at already.
      this.#wake = new AbortController();
      await this.#guarded();
    }
  }

  async #guarded(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.sweep();
      if (!this.persistenceOk) log.info("persistence answers again");
      this.persistenceOk = true;
      this.#boardOk = true;
    } catch (error) {
      if (hasCode(error, "PERSISTENCE_DOWN")) {
        if (this.persistenceOk) log.warn({ err: error }, "persistence does not answer");
        this.persistenceOk = false;
      } else if (hasCode(error, "BOARD_DOWN")) {
        this.#boardOk = false; // The board's watch has told it.
      } else log.warn({ err: error }, "the sweep failed; it is tried again");
    }
  }

  /** One sweep. */
  async sweep(): Promise<void> {
    const { persistence, clock } = this.#options;
    // P-35: what only reads, such as a database whose disk is full, takes no claims.
    if (!this.persistenceOk) await persistence.check();
    const before = clock.now();
    const database = await persistence.now();
    this.offsetMs = database - (before + clock.now()) / 2;
    await this.#agree();
    if (this.boardId === undefined) return;
    await this.#giveBack();
    let cursor: string | undefined;
    do {
      const page = await persistence.open(PAGE, cursor);
      await this.#putBack(page);
      cursor = page.length < PAGE ? undefined : page.at(-1)?.id;
    } while (cursor !== undefined && !this.#stop.signal.aborted);
  }

  /** P-30. */
  async #agree(): Promise<void> {
    const { board, persistence, log } = this.#options;
    const here = await board.identity();
    const inUse = await persistence.boardId();
    if (inUse !== here.id) {
      const agreed = await this.#remembered();
      const firstToSee = inUse === undefined || inUse === agreed;
      const mine = firstToSee || (here.stamped && agreed === undefined);
      if (!mine || !(await persistence.setBoardId(inUse, here.id))) {
        this.boardId = undefined;
        const now = `the cluster uses board ${inUse ?? "?"}, this agent is on ${here.id}`;
        if (now !== this.disagreement) log.warn(`${now}: claiming nothing`);
        this.disagreement = now;
        return;
      }
      log.info({ board: here.id }, "this board is in use from now on");
    }
    if (this.boardId === here.id) return;
    // Written first: an agent that does not remember cannot say after a wipe which one was wiped.
    await writeFile(this.#file(), here.id, { mode: 0o600 });
    this.boardId = here.id;
    this.disagreement = undefined;
  }

  #file(): string {
    return join(this.#options.directory, "board-id");
  }

  async #remembered(): Promise<string | undefined> {
    try {
      return (await readFile(this.#file(), "utf8")).trim();
    } catch {
      return undefined; // Never agreed to any.
    }
  }

  /** P-27: a claim the board says is ours and that nobody here works on. */
  async #giveBack(): Promise<void> {
    const { board, claims, incarnation, log } = this.#options;
    const onBoard = await board.held(incarnation);
    for (const [job, claimId] of onBoard) {
      if (claims.knows(claimId)) continue;
      log.info({ jobId: job }, "giving back a claim that nobody works on");
      await board.abandon(job, claimId);
    }
  }

  /** P-31: the second look keeps jobs that end meanwhile off the board. */
  async #putBack(page: readonly OpenJob[]): Promise<void> {
    const { board, persistence, log } = this.#options;
    if (page.length === 0) return;
    const there = await board.exists(page.map((job) => job.id));
    const missing = page.filter((job) => !there.has(job.id));
    if (missing.length === 0) return;
    const open = await persistence.startable(missing.map((job) => job.id));
    const put = missing.filter((job) => open.has(job.id));
    // An owner that lives takes its claim again before anybody else may (P-23).
    const leaseMs = board.traits.leaseMs;
    await board.put(
      put.map((job) => ({
        id: job.id,
        signature: toSignature(job.needs),
        priority: job.priority,
        delayMs: Math.max(job.dueInMs, job.owned ? leaseMs : 0),
      })),
    );
    if (put.length > 0) log.info({ jobs: put.length }, "open jobs put back on the board");
  }
}
