import type { Logger } from "pino";
import type { Clock } from "../../common/clock.js";
import { hasCode } from "../../common/error.js";
import type { Said } from "../../common/log.js";
import type { LogStore } from "../../persistence/persistence.js";
import { type Cut, OpenLog } from "./open-log.js";
import { makeRoom } from "./room.js";

/** Lines gather for so long before they are stored, ms. */
const GATHER_MS = 300;
/** Longest pause between two tries while persistence is away, ms. */
const AWAY_MS = 5_000;
/** What gathers is stored at once when it takes so many characters. */
const HURRY_CHARACTERS = 256 * 1024;
/** What may wait of one ownership, and of all together, characters; beyond it lines are counted. */
const LOG_CHARACTERS_MAX = 1024 * 1024;
const ALL_CHARACTERS_MAX = 16 * 1024 * 1024;
/** One call of persistence, characters, unless one chunk takes more. */
const BATCH_CHARACTERS = 1024 * 1024;
/** How long an ownership waits at its end for its lines to be stored, ms. */
const FLUSH_MS = 1_000;

export interface LogBookOptions {
  readonly persistence: Pick<LogStore, "addLogs" | "logSizes" | "removeLogs">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of this agent. */
  readonly agent: string;
  /** What is kept of one job's log, bytes; 0 keeps nothing. */
  readonly bytesPerJob: number;
  /** Database time, ms since 1970. */
  now(): number;
  /** Lines of this job were stored just now. */
  stored(job: string): void;
}

/** Where one ownership of a job writes its lines. */
export interface JobLog {
  /** Never waits and never throws. */
  add(said: Said): void;
  /** Resolves when what was added is stored, after a second at the latest: logs hold up no job. */
  flush(): Promise<void>;
}

/**
 * What the jobs of this agent write, on its way to persistence: all of it together, a moment later.
 * While persistence does not answer lines wait in memory, and are counted when they become too
 * many. What an agent that is killed had not stored is lost.
 */
export class LogBook implements AsyncDisposable {
  readonly #options: LogBookOptions;
  readonly #waiting = new Set<OpenLog>();
  #sending: Cut[] = [];
  /** So many of those that are sent next go one by one: one of them cannot be stored. */
  #alone = 0;
  #characters = 0;
  #pauseMs = GATHER_MS;
  #hurry = new AbortController();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LogBookOptions) {
    this.#options = options;
  }

  /** The log of an ownership that begins. */
  begin(job: string, token: number): JobLog {
    const log = new OpenLog({ job, token, agent: this.#options.agent });
    return { add: (said) => this.#add(log, said), flush: () => this.#flush(log) };
  }

  /** Stores what there is, unless persistence is away. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#hurry.abort();
    await this.#running;
  }

  #add(log: OpenLog, said: Said): void {
    const { bytesPerJob, now } = this.#options;
    if (bytesPerJob === 0 || this.#stopped) return;
    if (log.characters >= LOG_CHARACTERS_MAX || this.#characters >= ALL_CHARACTERS_MAX) {
      this.#waiting.add(log);
      return log.drop(said, now());
    }
    this.#characters += log.add(said, now());
    this.#waiting.add(log);
    const away = this.#pauseMs > GATHER_MS;
    if (!away && this.#characters >= HURRY_CHARACTERS) this.#hurry.abort();
    this.#running ??= this.#run();
  }

  async #flush(log: OpenLog): Promise<void> {
    const settled = log.settled();
    if (settled === undefined) return;
    this.#hurry.abort();
    const over = new AbortController();
    await Promise.race([settled, this.#options.clock.sleep(FLUSH_MS, over.signal)]);
    over.abort();
  }

  async #run(): Promise<void> {
    do {
      await this.#options.clock.sleep(this.#pauseMs, this.#hurry.signal);
      // A turn of the event loop, so that all jobs that end now go together.
      await new Promise((resolve) => setImmediate(resolve));
      this.#hurry = new AbortController();
      for (const log of this.#waiting) this.#cut(log);
      this.#waiting.clear();
      await this.#send();
    } while (!this.#stopped && this.#sending.length + this.#waiting.size > 0);
    this.#running = undefined;
  }

  #cut(log: OpenLog): void {
    const before = log.characters;
    this.#sending.push(...log.cut());
    this.#characters += log.characters - before; // What it tells of lines that were dropped.
  }

  async #send(): Promise<void> {
    while (this.#sending.length > 0) {
      const batch = this.#alone > 0 ? this.#sending.slice(0, 1) : takeBatch(this.#sending);
      try {
        await this.#store(batch);
        this.#pauseMs = GATHER_MS;
        await this.#makeRoom(batch);
      } catch (error) {
        const isDown = hasCode(error, "PERSISTENCE_DOWN");
        if (isDown && !this.#stopped) {
          this.#pauseMs = Math.min(this.#pauseMs * 2, AWAY_MS);
          return; // The identical chunks are sent again.
        }
        if (!isDown && batch.length > 1) {
          this.#alone = batch.length;
          continue;
        }
        this.#options.log.warn({ err: error }, "what tasks wrote could not be stored");
      }
      this.#alone = Math.max(0, this.#alone - 1);
      this.#sending.splice(0, batch.length);
      for (const cut of batch) {
        this.#characters -= cut.characters;
        cut.log.settle(cut);
      }
    }
  }

  async #store(batch: readonly Cut[]): Promise<void> {
    const { persistence, stored } = this.#options;
    const sizes = await persistence.addLogs(batch.map(({ chunk }) => chunk));
    for (const [index, { log }] of batch.entries()) {
      if (log.kept !== undefined) log.kept += sizes[index] ?? 0;
    }
    for (const job of new Set(batch.map(({ log }) => log.job))) stored(job);
  }

  /** What is stored stays so when this fails: it is tried again with the job's next lines. */
  async #makeRoom(batch: readonly Cut[]): Promise<void> {
    const { persistence, bytesPerJob: bytesMax } = this.#options;
    for (const log of new Set(batch.map((cut) => cut.log))) {
      try {
        log.kept = await makeRoom(persistence, { job: log.job, kept: log.kept, bytesMax });
      } catch (error) {
        this.#options.log.warn({ err: error, jobId: log.job }, "an old log could not be shortened");
      }
    }
  }
}

/** The first ones, as many as go together. */
function takeBatch(sending: readonly Cut[]): readonly Cut[] {
  let characters = 0;
  const end = sending.findIndex((cut, index) => {
    characters += cut.characters;
    return index > 0 && characters > BATCH_CHARACTERS;
  });
  return end === -1 ? sending.slice() : sending.slice(0, end);
}
