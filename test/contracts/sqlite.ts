import { join } from "node:path";
import { onTestFinished } from "vitest";
import { boardOn, openEmbeddedBoard } from "../../boards/embedded/board.js";
import type { JobBoard, LeaseClock } from "../../boards/board.js";
import { openSqlitePersistence, SqlitePersistence } from "../../persistence/sqlite/persistence.js";
import type { DriverName } from "../../sqlite/connection.js";
import { Database } from "../../sqlite/database.js";
import { pickDriver } from "../../sqlite/driver.js";
import { openNodeSqlite } from "../../sqlite/node-driver.js";
import type { Sqlite } from "../../sqlite/open.js";
import { tempDir } from "../support/temp.js";
import type { PersistenceUnderTest } from "./persistence/subject.js";

/** What the running Node can open a file with: both on 22 and newer, libsql alone on 20. */
export const DRIVERS: readonly DriverName[] =
  openNodeSqlite() === undefined ? ["libsql"] : ["node", "libsql"];

/** Time that moves when told. */
export class SteeredTime implements LeaseClock {
  readonly era: string;
  #now: number;

  constructor(now = Date.UTC(2026, 0, 1), era = "era-1") {
    this.#now = now;
    this.era = era;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

/** A thing of this test's own, closed when the test is over. */
export function closing<T extends AsyncDisposable>(part: T): T {
  onTestFinished(() => part[Symbol.asyncDispose]());
  return part;
}

export function tempFile(): string {
  return join(tempDir(), "jobs.db");
}

/**
 * A connection of its own to a file, as another process has it. With the driver of the first: two
 * SQLite libraries in one process do not see each other's locks.
 */
export async function apart(path: string, driver?: DriverName): Promise<Sqlite> {
  const connection = (await pickDriver(driver))(path);
  connection.exec("PRAGMA busy_timeout = 20");
  connection.exec("PRAGMA synchronous = FULL");
  const database = new Database(connection, path);
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

export interface OpenOptions {
  readonly path?: string;
  readonly driver?: DriverName;
  readonly time?: SteeredTime;
}

export async function openSteered(
  options: OpenOptions = {},
): Promise<Required<PersistenceUnderTest>> {
  const { path = ":memory:", driver, time = new SteeredTime() } = options;
  const more = driver === undefined ? {} : { driver };
  const persistence = closing(
    await openSqlitePersistence(path, { now: () => time.now(), ...more }),
  );
  await persistence.migrate();
  return { persistence, advance: (ms) => time.advance(ms) };
}

/** The same file as another process sees it. */
export async function openApart(
  path: string,
  time = new SteeredTime(),
): Promise<SqlitePersistence> {
  return closing(new SqlitePersistence(await apart(path), () => time.now()));
}

export async function openSteeredBoard(
  time: SteeredTime,
  options: { readonly path?: string; readonly driver?: DriverName; readonly leaseMs?: number } = {},
): Promise<JobBoard> {
  const { path = ":memory:", driver, leaseMs = 10_000 } = options;
  const more = driver === undefined ? {} : { driver };
  return closing(await openEmbeddedBoard(path, { leaseMs, clock: time, ...more }));
}

export async function openBoardApart(path: string, time: SteeredTime): Promise<JobBoard> {
  return closing(await boardOn(await apart(path), { leaseMs: 10_000, clock: time }));
}
