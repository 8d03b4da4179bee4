import type { Knex } from "knex";
import type { Clause, JobRequest } from "../../common/job.js";
import type { Entry } from "../../engine/journal.js";
import { openKnex } from "../../sqlite/dialect.js";
import type { Database } from "../../sqlite/database.js";
import type { DriverName } from "../../sqlite/connection.js";
import { openSqlite, type Sqlite } from "../../sqlite/open.js";
import type { Statements } from "../../sqlite/statements.js";
import { text } from "../columns.js";
import { ALL_FILTERS, listJobs, type ListingDialect } from "../listing.js";
import {
  checkKnown,
  isNewest,
  migrateToNewest,
  MIGRATIONS_TABLE,
} from "../migrations/migrations.js";
import { expire, giveBackSlot, raiseControlled, slots } from "../flow-control/sqlite.js";
import type {
  Append,
  Asker,
  Controls,
  JobFilter,
  JobPage,
  JobRow,
  NewJob,
  OpenJob,
  OpenState,
  Ownership,
  OwnershipEnd,
  Persistence,
  Posted,
  Raise,
  Raised,
  Retention,
  Slots,
  Verdict,
} from "../persistence.js";
import { purge, type Purging, removeOld } from "../retention.js";
import type { Asked, Old, Purged, Released, Removed, Retries } from "../verbs/port.js";
import { logsInFile } from "../logs/sqlite.js";
import type { LogChunk, LogPage, LogRange, LogSize, LogStore } from "../logs/port.js";
import type { HookCall, HookStore } from "../hooks/port.js";
import { hooksInFile } from "../hooks/sqlite.js";
import type { ScheduleStore } from "../schedules/port.js";
import { schedulesInFile } from "../schedules/sqlite.js";
import * as verbs from "../verbs/sqlite.js";
import type { Turn } from "../turns/port.js";
import { prepare, written } from "../writing.js";
import { append } from "./append.js";
import { cancel, resume, suspend } from "./asking.js";
import { endOwnership, raise } from "./ownership.js";
import { findKey, post } from "./posting.js";
import * as reading from "./reading.js";
import { purgedAt, purging } from "./retention.js";
import { takeSweep } from "../turns/sqlite.js";

const LISTING: ListingDialect = {
  useIndex: (index) => `INDEXED BY ${index}`,
  thenJoin: "CROSS JOIN",
};

export interface SqlitePersistenceOptions {
  /** Database time, ms since 1970. With SQLite the machine's clock is the database's. */
  readonly now?: () => number;
  readonly driver?: DriverName;
}

/** Opens the file (or `:memory:`) without touching its schema: `migrate` does. */
export async function openSqlitePersistence(
  path: string,
  options: SqlitePersistenceOptions = {},
): Promise<SqlitePersistence> {
  const sqlite = await openSqlite(path, options.driver);
  return new SqlitePersistence(sqlite, options.now ?? (() => Date.now()));
}

/** Persistence in one SQLite file that the agents of one machine share. */
export class SqlitePersistence implements Persistence {
  readonly traits = ALL_FILTERS;
  readonly schedules: ScheduleStore;
  readonly hooks: HookStore;
  readonly #sqlite: Sqlite;
  readonly #now: () => number;
  readonly #logs: LogStore;
  #knex: Promise<Knex> | undefined;

  constructor(sqlite: Sqlite, now: () => number) {
    this.#sqlite = sqlite;
    this.#now = now;
    this.#logs = logsInFile(sqlite.database);
    this.hooks = hooksInFile(sqlite.database, now);
    this.schedules = schedulesInFile(sqlite.database, now);
  }

  get #purging(): Purging {
    return purging(this.#database, this.#now);
  }

  get #database(): Database {
    return this.#sqlite.database;
  }

  async applied(): Promise<readonly string[]> {
    const applied = await this.#database.read(appliedMigrations);
    checkKnown(applied);
    return applied;
  }

  async migrate(): Promise<void> {
    if (isNewest(await this.applied())) return;
    const knex = await this.#openKnex();
    // One transaction: a migrator that is killed leaves neither half a schema nor a lock.
    await this.#database.exclusive(() =>
      knex.transaction((step) => migrateToNewest(step, { transactions: true })),
    );
  }

  now(): Promise<number> {
    return Promise.resolve(this.#now());
  }

  /** Writes and commits: a full disk is still read. */
  async check(): Promise<void> {
    await this.applied();
    await this.#database.write((sql) => sql.run("UPDATE cluster SET id = id"));
  }

  async post(job: NewJob): Promise<Posted> {
    const prepared = prepare(job);
    return this.#database.write((sql) => post(sql, prepared, this.#now()));
  }

  postedBefore(key: NonNullable<NewJob["key"]>): Promise<Posted | undefined> {
    return this.#database.read((sql) => findKey(sql, key));
  }

  job(id: string): Promise<JobRow | undefined> {
    return this.#database.read((sql) => reading.job(sql, id));
  }

  matchIds(part: string, limit: number): Promise<readonly string[]> {
    return this.#database.read((sql) => reading.matchIds(sql, part, limit));
  }

  async jobs(filter: JobFilter, limit: number, cursor?: string): Promise<JobPage> {
    const knex = await this.#openKnex();
    const wanted = { filter, limit, dialect: LISTING, ...(cursor === undefined ? {} : { cursor }) };
    return this.#database.read(() => listJobs(knex, wanted));
  }

  ownerships(id: string): Promise<readonly Ownership[]> {
    return this.#database.read((sql) => reading.ownerships(sql, id));
  }

  raise(raised: Raise): Promise<number | undefined> {
    return this.#database.write((sql) => raise(sql, raised, this.#now()));
  }

  raiseControlled(raised: Raise, controls: Controls): Promise<Raised> {
    const work = (sql: Statements) => raiseControlled(sql, raised, { controls, now: this.#now() });
    return this.#database.write(work);
  }

  slots(key: string, waitingMax: number): Promise<Slots> {
    return this.#database.read((sql) => slots(sql, key, { waitingMax, now: this.#now() }));
  }

  expire(id: string, by: Asker): Promise<boolean> {
    return this.#database.write((sql) => expire(sql, id, { by, now: this.#now() }));
  }

  giveBackSlot(id: string, owner: string): Promise<void> {
    return this.#database.write((sql) => giveBackSlot(sql, id, owner));
  }

  load(id: string, seq = 0): Promise<readonly Entry[]> {
    return this.#database.read((sql) => reading.load(sql, id, seq));
  }

  /** Commits in this very call: the committer has gathered what there is. */
  async append(appends: readonly Append[]): Promise<readonly Verdict[]> {
    const ready = appends.map(written);
    const work = (sql: Statements): readonly Verdict[] => {
      const now = this.#now();
      return ready.map((one) => append(sql, one, now));
    };
    return this.#database.write(work, { atOnce: true });
  }

  async endOwnership(job: string, token: number, ended: OwnershipEnd): Promise<void> {
    // Mostly the last append has noted it already; then this costs no commit.
    if (await this.#database.read((sql) => reading.isNoted(sql, job, token))) return;
    await this.#database.write((sql) => endOwnership(sql, { job, token, ended }, this.#now()));
  }

  cancel(id: string, by: Asker, revert: boolean, reason?: string): Promise<Asked> {
    return this.#database.write((sql) => cancel(sql, id, { by, revert, reason }, this.#now()));
  }

  suspend(id: string, hooks?: readonly HookCall[]): Promise<Asked> {
    return this.#database.write((sql) => suspend(sql, id, { hooks, now: this.#now() }));
  }

  resume(id: string): Promise<Asked> {
    return this.#database.write((sql) => resume(sql, id));
  }

  requests(ids: readonly string[]): Promise<ReadonlyMap<string, JobRequest>> {
    return this.#database.read((sql) => reading.requests(sql, ids));
  }

  open(limit: number, cursor = ""): Promise<readonly OpenJob[]> {
    return this.#database.read((sql) => reading.open(sql, { limit, cursor, now: this.#now() }));
  }

  counts(): Promise<Readonly<Record<OpenState, number>>> {
    return this.#database.read(reading.counts);
  }

  startable(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#database.read((sql) => reading.startable(sql, ids));
  }

  release(id: string, token?: number): Promise<Released> {
    return this.#database.write((sql) => verbs.release(sql, id, { token, now: this.#now() }));
  }

  reprioritise(id: string, priority: number): Promise<Asked> {
    return this.#database.write((sql) => verbs.reprioritise(sql, id, priority));
  }

  async remove(id: string): Promise<Removed> {
    const removed = await this.#database.read((sql) => verbs.removable(sql, id));
    if (removed.removed === "done") await this.#purging.remove([id]);
    return removed;
  }

  removeOld(old: Old): Promise<Purged> {
    return removeOld(old, this.#purging);
  }

  retries(id: string): Promise<Retries> {
    return this.#database.read((sql) => verbs.retries(sql, id));
  }

  required(id: string): Promise<readonly Clause[]> {
    return this.#database.read((sql) => verbs.required(sql, id));
  }

  addLogs(chunks: readonly LogChunk[]): Promise<readonly number[]> {
    return this.#logs.addLogs(chunks);
  }

  logs(job: string, range: LogRange): Promise<LogPage | undefined> {
    return this.#logs.logs(job, range);
  }

  logSizes(job: string): Promise<readonly LogSize[]> {
    return this.#logs.logSizes(job);
  }

  removeLogs(job: string, upTo: number): Promise<void> {
    return this.#logs.removeLogs(job, upTo);
  }

  takeSweep(everyMs: number): Promise<Turn> {
    return takeSweep(this.#database, this.#now, everyMs);
  }

  purge(limits: Retention): Promise<Purged> {
    return purge(limits, this.#purging);
  }

  purgedAt(): Promise<number | undefined> {
    return purgedAt(this.#database);
  }

  boardId(): Promise<string | undefined> {
    return this.#database.read(reading.boardId);
  }

  setBoardId(seen: string | undefined, id: string): Promise<boolean> {
    return this.#database.write((sql) => reading.setBoardId(sql, seen, id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#knex)?.destroy();
    await this.#sqlite[Symbol.asyncDispose]();
  }

  #openKnex(): Promise<Knex> {
    return (this.#knex ??= openKnex(this.#database));
  }
}

function appliedMigrations(sql: Statements): readonly string[] {
  const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
  if (sql.get(table, MIGRATIONS_TABLE) === undefined) return [];
  return sql.all(`SELECT name FROM ${MIGRATIONS_TABLE}`).map((row) => text(row, "name"));
}
