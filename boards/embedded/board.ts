import { hasCode, JobrunnerError } from "../../common/error.js";
import type { DriverName } from "../../sqlite/connection.js";
import { openSqlite, type Sqlite } from "../../sqlite/open.js";
import type { Statements } from "../../sqlite/statements.js";
import type {
  BoardOptions,
  BoardTraits,
  Candidate,
  Claimed,
  Inventory,
  JobBoard,
  LeaseClock,
  Posting,
  Renewed,
  Survey,
} from "../board.js";
import { machineClock } from "./clock.js";
import * as entries from "./entries.js";
import * as looking from "./looking.js";
import { changesOf, identify, prepareBoard } from "./schema.js";
import { Watch } from "./watch.js";

export interface EmbeddedBoardOptions extends BoardOptions {
  readonly driver?: DriverName;
}

/** The board of a fresh machine: tables in the SQLite file that its agents share anyway. */
export async function openEmbeddedBoard(
  path: string,
  options: EmbeddedBoardOptions,
): Promise<JobBoard> {
  return boardOn(await boardErrors(() => openSqlite(path, options.driver)), options);
}

/** A board on a file that is open already; it closes its hold on it when it is disposed. */
export async function boardOn(sqlite: Sqlite, options: BoardOptions): Promise<JobBoard> {
  const clock = options.clock ?? machineClock();
  const prepare = (sql: Statements): number => {
    prepareBoard(sql, clock.era);
    return changesOf(sql);
  };
  try {
    const seen = await boardErrors(() => sqlite.database.write(prepare, { durable: false }));
    return new EmbeddedBoard(sqlite, { clock, leaseMs: options.leaseMs, seen });
  } catch (error) {
    await sqlite[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts {
  readonly clock: LeaseClock;
  readonly leaseMs: number;
  readonly seen: number;
}

class EmbeddedBoard implements JobBoard {
  readonly traits: BoardTraits;
  readonly #sqlite: Sqlite;
  readonly #clock: LeaseClock;
  readonly #watch: Watch;

  constructor(sqlite: Sqlite, { clock, leaseMs, seen }: Parts) {
    this.traits = { reach: "machine", wakes: "poll", leaseMs };
    this.#sqlite = sqlite;
    this.#clock = clock;
    this.#watch = new Watch(sqlite.database, seen);
  }

  identity(): Promise<{ readonly id: string; readonly stamped: boolean }> {
    return this.#act(identify);
  }

  put(postings: readonly Posting[]): Promise<void> {
    return this.#act((sql, now) => entries.put(sql, postings, now));
  }

  reprioritise(id: string, priority: number): Promise<void> {
    return this.#act((sql) => entries.reprioritise(sql, id, priority));
  }

  async survey(): Promise<Survey> {
    await this.#ripen();
    return this.#look((sql) => looking.survey(sql, this.#clock.now()));
  }

  async candidates(signatures: readonly string[], limit: number): Promise<readonly Candidate[]> {
    await this.#ripen();
    return this.#look((sql) => looking.candidates(sql, signatures, limit));
  }

  claim(id: string, claimId: string): Promise<Claimed> {
    return this.#act((sql, now) => entries.claim(sql, id, this.#lease(claimId, now)));
  }

  reclaim(posting: Posting, claimId: string): Promise<Claimed> {
    return this.#act((sql, now) => entries.reclaim(sql, posting, this.#lease(claimId, now)));
  }

  renew(claims: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Renewed>> {
    return this.#act((sql, now) => {
      const answers = new Map<string, Renewed>();
      for (const [id, claimId] of claims) {
        answers.set(id, entries.renew(sql, id, this.#lease(claimId, now)));
      }
      return answers;
    });
  }

  abandon(id: string, claimId: string, delayMs = 0): Promise<void> {
    return this.#act((sql, now) => entries.abandon(sql, id, { claimId, now, delayMs }));
  }

  consume(id: string, claimId: string): Promise<void> {
    return this.#act((sql) => entries.consume(sql, id, claimId));
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.#act((sql, now) => {
      for (const id of ids) entries.remove(sql, id, now);
    });
  }

  exists(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#look((sql) => looking.exists(sql, ids));
  }

  inventory(): Promise<Inventory> {
    return Promise.resolve({ exists: (ids) => this.exists(ids) });
  }

  held(incarnation: string): Promise<ReadonlyMap<string, string>> {
    return this.#look((sql) => looking.held(sql, incarnation, this.#clock.now()));
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#watch.changed(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch.stop();
    await this.#sqlite[Symbol.asyncDispose]();
  }

  #lease(claimId: string, now: number): entries.Lease {
    return { claimId, now, leaseMs: this.traits.leaseMs };
  }

  /** Writes only when something has ripened: looking is what idle agents do. */
  async #ripen(): Promise<void> {
    const next = await this.#look(looking.nextReadyAt);
    if (next !== undefined && next <= this.#clock.now()) await this.#act(entries.ripen);
  }

  #look<T>(work: (sql: Statements) => T): Promise<T> {
    return boardErrors(() => this.#sqlite.database.read(work));
  }

  /** Not durable: what a power cut takes from the board comes back from persistence. */
  #act<T>(work: (sql: Statements, now: number) => T): Promise<T> {
    return boardErrors(() =>
      // The clock is read inside: the transaction may have waited for its turn.
      this.#sqlite.database.write((sql) => work(sql, this.#clock.now()), { durable: false }),
    );
  }
}

/** The file is the board's here, so its troubles are BOARD_DOWN. */
async function boardErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!hasCode(error, "PERSISTENCE_DOWN")) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    const { message, retryable } = error;
    throw new JobrunnerError("BOARD_DOWN", message, { ...hint, retryable, cause: error });
  }
}
