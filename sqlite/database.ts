import { setTimeout as pause } from "node:timers/promises";
import { JobrunnerError } from "../common/error.js";
import type { RawConnection } from "./connection.js";
import { faultOf, sinksTransaction, toDatabaseError } from "./faults.js";
import { PreparedStatements, type Statements } from "./statements.js";

export interface WriteOptions {
  /**
   * False: a power cut may undo it (a process that dies never does). For what can be made anew,
   * such as a board; saves the fsync. Default true.
   */
  readonly durable?: boolean;
  /** True: commits in this very call, together with what has gathered. Default: end of the turn. */
  readonly atOnce?: boolean;
}

/** How long a call tries to get at a file that others write, milliseconds. */
export const BUSY_MS_MAX = 5_000;
/** Writes that share one transaction. */
const GROUP_MAX = 500;

interface Pending {
  readonly work: (sql: Statements) => unknown;
  readonly durable: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Done = { readonly value: unknown } | { readonly error: unknown };

/**
 * One SQLite file, one connection for the whole process, hand-written synchronous transactions.
 *
 * Writes of one turn of the event loop share one BEGIN IMMEDIATE ... COMMIT, so that they cost one
 * fsync together; each has a savepoint of its own and fails alone. Nothing is awaited inside: a
 * process holds the file's write lock for one fsync at most.
 */
export class Database {
  readonly path: string;
  readonly connection: RawConnection;
  readonly #busyMs: number;
  readonly #statements: PreparedStatements;
  readonly #listeners = new Set<() => void>();
  #queue: Pending[] = [];
  #scheduled = false;
  #flushing: Promise<void> | undefined;
  #exclusive: Promise<unknown> | undefined;
  #synchronous: "FULL" | "NORMAL" = "FULL";
  #closed = false;

  /** `connection` is open and has its pragmas; `path` is for messages. */
  constructor(connection: RawConnection, path: string, busyMs = BUSY_MS_MAX) {
    this.#busyMs = busyMs;
    this.connection = connection;
    this.path = path;
    this.#statements = new PreparedStatements(connection);
  }

  /**
   * Runs `work` outside a transaction: single statements, each a snapshot of its own. `work` may
   * run again from its start when another process was in the way.
   */
  async read<T>(work: (sql: Statements) => T): Promise<T> {
    await this.#exclusive;
    return this.#retried(() => work(this.#statements));
  }

  /** `work` at once and without a retry: undefined when the database does not answer just now. */
  glance<T>(work: (sql: Statements) => T): T | undefined {
    try {
      return this.#closed ? undefined : work(this.#statements);
    } catch (error) {
      if (faultOf(error) === undefined) throw error;
      return undefined; // Whoever needs an answer reads, and is told what is wrong.
    }
  }

  /**
   * Runs `work` in a transaction and resolves once that is committed. `work` must be synchronous
   * and may run again from its start. What it throws undoes what it did, and rejects.
   */
  write<T>(work: (sql: Statements) => T, options: WriteOptions = {}): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#queue.push({ work, durable: options.durable ?? true, resolve, reject });
      if (options.atOnce === true) this.#flush();
      else this.#schedule();
    }) as Promise<T>;
  }

  /**
   * Keeps all other transactions of this process away while `work` may await inside its own; runs
   * it again while the file is busy. For migrations only.
   */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== undefined || this.#flushing !== undefined) {
      await (this.#exclusive ?? this.#flushing);
    }
    const running = this.#retried(work);
    this.#exclusive = running.catch(() => undefined); // Those who wait do not care how it ended.
    try {
      return await running;
    } finally {
      this.#rollBack();
      this.#exclusive = undefined;
      this.#schedule();
    }
  }

  /** Calls back after each commit of this process; returns the way to stop that. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for the writes under way, then closes; later calls reject. */
  async close(): Promise<void> {
    while (this.#queue.length > 0 || this.#flushing !== undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#flushing;
    }
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.forget();
    this.connection.close();
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#flushing !== undefined || this.#queue.length === 0) return;
    this.#flushing = this.#flushGroup().finally(() => {
      this.#flushing = undefined;
      this.#schedule();
    });
  }

  /** Never rejects: every outcome goes to those who asked for the writes. */
  async #flushGroup(): Promise<void> {
    // Without this check even an await of undefined would push the commit to a later microtask.
    if (this.#exclusive !== undefined) await this.#exclusive;
    const group = this.#queue.splice(0, GROUP_MAX);
    try {
      const results = await this.#retried(() => this.#commit(group));
      group.forEach((pending, index) => settle(pending, results[index]));
      for (const listener of this.#listeners) listener();
    } catch (error) {
      for (const pending of group) pending.reject(error);
    }
  }

  /**
   * The words around the statements are not prepared ones: with libsql a prepared BEGIN that met a
   * lock stays under way, and no savepoint can be opened beside it.
   */
  #commit(group: readonly Pending[]): readonly Done[] {
    this.#setSynchronous(group.some(({ durable }) => durable) ? "FULL" : "NORMAL");
    this.connection.exec("BEGIN IMMEDIATE");
    try {
      const single = group.length === 1;
      const results = group.map(({ work }) => this.#runOne(work, single));
      this.connection.exec("COMMIT");
      return results;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #runOne(work: Pending["work"], single: boolean): Done {
    if (!single) this.connection.exec("SAVEPOINT one");
    try {
      const value = work(this.#statements);
      if (!single) this.connection.exec("RELEASE one");
      return { value };
    } catch (error) {
      if (sinksTransaction(faultOf(error)) || single) throw error;
      this.connection.exec("ROLLBACK TO one");
      this.connection.exec("RELEASE one");
      return { error: toDatabaseError(error, this.path) };
    }
  }

  /** SQLITE_FULL and SQLITE_IOERR may have rolled back by themselves, so ask first. */
  #rollBack(): void {
    if (this.connection.inTransaction()) this.connection.exec("ROLLBACK");
  }

  #setSynchronous(mode: "FULL" | "NORMAL"): void {
    if (mode === this.#synchronous) return;
    this.connection.exec(`PRAGMA synchronous = ${mode}`);
    this.#synchronous = mode;
  }

  #retried<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closed(this.path));
    return retryBusy(work, this.path, this.#busyMs);
  }
}

function closed(path: string): JobrunnerError {
  return new JobrunnerError("PERSISTENCE_DOWN", `The database ${path} is closed here.`);
}

function settle(pending: Pending, done: Done | undefined): void {
  if (done !== undefined && "error" in done) pending.reject(done.error);
  else pending.resolve(done?.value);
}

/**
 * Runs `work`, again while the file is busy, with growing jittered pauses; rejects with
 * PERSISTENCE_DOWN when that goes on for `busyMs`. Rejects at once with whatever else is wrong.
 *
 * SQLite itself waits 20 ms at most (busy_timeout) since it blocks the event loop meanwhile; the
 * jitter is what makes processes take turns.
 */
export async function retryBusy<T>(
  work: () => T | Promise<T>,
  path: string,
  busyMs = BUSY_MS_MAX,
): Promise<T> {
  const start = performance.now();
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      return await work();
    } catch (error) {
      const inTime = performance.now() - start < busyMs;
      if (faultOf(error) !== "busy" || !inTime) throw toDatabaseError(error, path);
    }
    await pause(pauseMs * (0.5 + Math.random() / 2));
  }
}
