import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { JobrunnerError } from "../common/error.js";
import { Database, retryBusy } from "./database.js";
import type { DriverName, RawConnection } from "./connection.js";
import { pickDriver } from "./driver.js";

/** A hold on a database; the file is closed when its last holder has closed. */
export interface Sqlite extends AsyncDisposable {
  readonly database: Database;
}

interface Shared {
  readonly opening: Promise<Database>;
  holders: number;
}

/** One connection per process and file: SQLite's locks are per process on some systems. */
const shared = new Map<string, Shared>();

/**
 * Opens, or shares, the SQLite file `path`; `:memory:` is a new empty database each time. Rejects
 * with PERSISTENCE_DOWN, saying what is wrong with the file.
 */
export async function openSqlite(path: string, driver?: DriverName): Promise<Sqlite> {
  if (path === ":memory:") {
    const database = await openDatabase(path, driver);
    return { database, [Symbol.asyncDispose]: () => database.close() };
  }
  const file = realPath(path);
  const entry = shared.get(file) ?? { opening: openDatabase(file, driver), holders: 0 };
  shared.set(file, entry);
  entry.holders += 1;
  try {
    const database = await entry.opening;
    return { database, [Symbol.asyncDispose]: once(() => release(file, entry)) };
  } catch (error) {
    if (shared.get(file) === entry) shared.delete(file);
    throw error;
  }
}

async function release(file: string, entry: Shared): Promise<void> {
  entry.holders -= 1;
  if (entry.holders > 0) return;
  shared.delete(file);
  await (await entry.opening).close();
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** The file's one name, whatever links lead to it; the file itself need not exist yet. */
function realPath(path: string): string {
  const full = resolve(path);
  if (existsSync(full)) {
    if (statSync(full).isDirectory()) throw cannotOpen(full, "it is a directory", "Name a file.");
    return realpathSync(full);
  }
  const directory = dirname(full);
  if (!existsSync(directory)) {
    const hint = `Create it (mkdir -p ${directory}), or name another file.`;
    throw cannotOpen(full, `the directory ${directory} does not exist`, hint);
  }
  return join(realpathSync(directory), basename(full));
}

function cannotOpen(path: string, why: string, hint: string): JobrunnerError {
  const message = `The database ${path} cannot be opened: ${why}.`;
  return new JobrunnerError("PERSISTENCE_DOWN", message, { hint });
}

async function openDatabase(path: string, driver: DriverName | undefined): Promise<Database> {
  const open = await pickDriver(driver);
  const connection = await retryBusy(() => open(path), path);
  try {
    await retryBusy(() => prepare(connection), path);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new Database(connection, path);
}

/**
 * busy_timeout comes first: switching a file to WAL needs its lock. The empty transaction tells a
 * read-only file now rather than at the first posting.
 */
function prepare(connection: RawConnection): void {
  connection.exec("PRAGMA busy_timeout = 20");
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("PRAGMA synchronous = FULL");
  connection.exec("PRAGMA foreign_keys = ON");
  connection.exec("PRAGMA journal_size_limit = 67108864"); // 64 MiB: a long read may grow the log.
  connection.exec("BEGIN IMMEDIATE");
  connection.exec("ROLLBACK");
}
