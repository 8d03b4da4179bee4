import { JobrunnerError } from "../common/error.js";
import type { Persistence } from "./persistence.js";

export interface PersistenceOptions {
  /** Database time for tests, ms since 1970; default the database's own clock. */
  readonly now?: () => number;
}

/**
 * Opens the persistence that `url` names and brings its schema up to date: `sqlite:FILE`,
 * `sqlite::memory:` for one that ends with the process, or `mysql://USER:PASSWORD@HOST/DATABASE`
 * (`mariadb://` is the same; `?ssl=true` or `?ca=FILE` for TLS). Rejects with USAGE for another
 * kind, with PERSISTENCE_DOWN when it cannot be used.
 */
export async function openPersistence(
  url: string,
  options: PersistenceOptions = {},
): Promise<Persistence> {
  const persistence = await openAdapter(url, options);
  try {
    await persistence.migrate();
  } catch (error) {
    await persistence[Symbol.asyncDispose]();
    throw error;
  }
  return persistence;
}

/** A database as it is. */
export interface LookedAt {
  /** Steps of the schema that were made; none in an empty database. */
  readonly applied: readonly string[];
  /** Those that the next agent would make. */
  readonly missing: readonly string[];
  /** Its time, ms since 1970. */
  readonly now: number;
  /** P-30: the board in use, if any. */
  readonly boardId?: string | undefined;
}

/** Opens the persistence that `url` names and changes nothing, its schema included. */
export async function lookAtPersistence(url: string): Promise<LookedAt> {
  const persistence = await openAdapter(url, {});
  await using _open = persistence;
  const applied = await persistence.applied();
  const { MIGRATION_NAMES } = await import("./migrations/migrations.js");
  const missing = MIGRATION_NAMES.filter((name) => !applied.includes(name));
  const now = await persistence.now();
  const boardId = missing.length === 0 ? await persistence.boardId() : undefined;
  return { applied, missing, now, boardId };
}

/** By dynamic import: a driver that is not used need not be there. */
async function openAdapter(url: string, options: PersistenceOptions): Promise<Persistence> {
  const [, kind, rest] = /^(\w+):(.+)$/s.exec(url) ?? [];
  if (kind === "sqlite" && rest !== undefined) {
    const { openSqlitePersistence } = await import("./sqlite/persistence.js");
    return openSqlitePersistence(rest, options);
  }
  if (kind === "mysql" || kind === "mariadb") {
    const { openMysqlPersistence } = await import("./mysql/persistence.js");
    return openMysqlPersistence(url, options);
  }
  throw new JobrunnerError("USAGE", `"${url}" names no persistence that jobrunner knows.`, {
    hint: "Write sqlite:FILE or mysql://USER:PASSWORD@HOST/DATABASE.",
  });
}
