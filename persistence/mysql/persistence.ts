import type { Knex } from "knex";
import type { Clause, JobRequest } from "../../common/job.js";
import type { Entry } from "../../engine/journal.js";
import { parseAddress } from "../../mysql/address.js";
import { MysqlDatabase } from "../../mysql/database.js";
import { fromKnex, openKnex } from "../../mysql/dialect.js";
import { sql } from "../../mysql/sql.js";
import { ALL_FILTERS, listJobs, type ListingDialect } from "../listing.js";
import { expire, giveBackSlot, raiseControlled, slots } from "../flow-control/mysql.js";
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
  Persistence,
  Posted,
  Raise,
  Raised,
  Retention,
  Slots,
  Verdict,
} from "../persistence.js";
import { purge, removeOld } from "../retention.js";
import type { Asked, Old, Purged, Released, Removed, Retries } from "../verbs/port.js";
import { logsOnServer } from "../logs/mysql.js";
import type { LogChunk, LogPage, LogRange, LogSize, LogStore } from "../logs/port.js";
import { schedulesOnServer } from "../schedules/mysql.js";
import type { HookCall, HookStore } from "../hooks/port.js";
import { hooksOnServer } from "../hooks/mysql.js";
import type { ScheduleStore } from "../schedules/port.js";
import type { Turn } from "../turns/port.js";
import { prepare, written } from "../writing.js";
import { append } from "./append.js";
import { cancel, resume, suspend } from "./asking.js";
import { boardId, setBoardId, takeSweep } from "./board.js";
import { applied, migrate } from "./migrating.js";
import { endOwnership, raise } from "./ownership.js";
import { post, postedBefore } from "./posting.js";
import * as reading from "./reading.js";
import { purgedAt, purging } from "./retention.js";
import { Transactions } from "./transaction.js";
import * as verbs from "../verbs/mysql.js";

const LISTING: ListingDialect = {
  useIndex: (index) => `FORCE INDEX (${index})`,
  thenJoin: "STRAIGHT_JOIN",
};

export interface MysqlPersistenceOptions {
  /** Database time for tests, ms since 1970; default the server's own. */
  readonly now?: () => number;
}

/** For a `mysql://` or `mariadb://` address; connects with the first call, `migrate` as a rule. */
export function openMysqlPersistence(
  address: string,
  options: MysqlPersistenceOptions = {},
): MysqlPersistence {
  const database = new MysqlDatabase(parseAddress(address));
  return new MysqlPersistence(new Transactions(database, options.now));
}

/** Persistence in a database of a MySQL or MariaDB server that the agents of a cluster share. */
export class MysqlPersistence implements Persistence {
  readonly traits = ALL_FILTERS;
  readonly schedules: ScheduleStore;
  readonly hooks: HookStore;
  readonly #to: Transactions;
  readonly #logs: LogStore;
  #knex: Promise<Knex> | undefined;

  constructor(to: Transactions) {
    this.#to = to;
    this.#logs = logsOnServer(to.database);
    this.hooks = hooksOnServer(to);
    this.schedules = schedulesOnServer(to);
  }

  applied(): Promise<readonly string[]> {
    return applied(this.#to.database);
  }

  migrate(): Promise<void> {
    return migrate(this.#to.database);
  }

  now(): Promise<number> {
    return reading.now(this.#to);
  }

  /** A change that is taken back: a replica or a server that became read-only refuses it. */
  async check(): Promise<void> {
    await this.applied();
    await this.#to.run([sql`UPDATE cluster SET id = id`]);
  }

  async post(job: NewJob): Promise<Posted> {
    return post(this.#to, prepare(job));
  }

  postedBefore(key: NonNullable<NewJob["key"]>): Promise<Posted | undefined> {
    return postedBefore(this.#to, key);
  }

  job(id: string): Promise<JobRow | undefined> {
    return reading.job(this.#to, id);
  }

  matchIds(part: string, limit: number): Promise<readonly string[]> {
    return reading.matchIds(this.#to, part, limit);
  }

  async jobs(filter: JobFilter, limit: number, cursor?: string): Promise<JobPage> {
    const { database } = this.#to;
    this.#knex ??= openKnex(async (statement) => ({
      rows: await database.read(statement),
      changed: 0,
    }));
    const wanted = { filter, limit, dialect: LISTING, ...(cursor === undefined ? {} : { cursor }) };
    return fromKnex(listJobs(await this.#knex, wanted));
  }

  ownerships(id: string): Promise<readonly Ownership[]> {
    return reading.ownerships(this.#to, id);
  }

  raise(wanted: Raise): Promise<number | undefined> {
    return raise(this.#to, wanted);
  }

  raiseControlled(wanted: Raise, controls: Controls): Promise<Raised> {
    return raiseControlled(this.#to, wanted, controls);
  }

  slots(key: string, waitingMax: number): Promise<Slots> {
    return slots(this.#to, key, waitingMax);
  }

  expire(id: string, by: Asker): Promise<boolean> {
    return expire(this.#to, id, by);
  }

  giveBackSlot(id: string, owner: string): Promise<void> {
    return giveBackSlot(this.#to, id, owner);
  }

  load(id: string, seq = 0): Promise<readonly Entry[]> {
    return reading.load(this.#to, id, seq);
  }

  async append(appends: readonly Append[]): Promise<readonly Verdict[]> {
    return append(this.#to, appends.map(written));
  }

  endOwnership(job: string, token: number, ended: NonNullable<Ownership["ended"]>): Promise<void> {
    return endOwnership(this.#to, { job, token, ended });
  }

  cancel(id: string, by: Asker, revert: boolean, reason?: string): Promise<Asked> {
    return cancel(this.#to, id, { by, revert, reason });
  }

  suspend(id: string, hooks?: readonly HookCall[]): Promise<Asked> {
    return suspend(this.#to, id, hooks);
  }

  resume(id: string): Promise<Asked> {
    return resume(this.#to, id);
  }

  requests(ids: readonly string[]): Promise<ReadonlyMap<string, JobRequest>> {
    return reading.requests(this.#to, ids);
  }

  open(limit: number, cursor = ""): Promise<readonly OpenJob[]> {
    return reading.open(this.#to, limit, cursor);
  }

  counts(): Promise<Readonly<Record<OpenState, number>>> {
    return reading.counts(this.#to);
  }

  startable(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return reading.startable(this.#to, ids);
  }

  release(id: string, token?: number): Promise<Released> {
    return verbs.release(this.#to, id, token);
  }

  reprioritise(id: string, priority: number): Promise<Asked> {
    return verbs.reprioritise(this.#to, id, priority);
  }

  async remove(id: string): Promise<Removed> {
    const removed = await verbs.removable(this.#to, id);
    if (removed.removed === "done") await purging(this.#to).remove([id]);
    return removed;
  }

  removeOld(old: Old): Promise<Purged> {
    return removeOld(old, purging(this.#to));
  }

  retries(id: string): Promise<Retries> {
    return verbs.retries(this.#to, id);
  }

  required(id: string): Promise<readonly Clause[]> {
    return verbs.required(this.#to, id);
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
    return takeSweep(this.#to, everyMs);
  }

  purge(limits: Retention): Promise<Purged> {
    return purge(limits, purging(this.#to));
  }

  purgedAt(): Promise<number | undefined> {
    return purgedAt(this.#to);
  }

  boardId(): Promise<string | undefined> {
    return boardId(this.#to);
  }

  setBoardId(seen: string | undefined, id: string): Promise<boolean> {
    return setBoardId(this.#to, seen, id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#knex)?.destroy();
    await this.#to.database.close();
  }
}
