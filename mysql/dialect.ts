import type { Knex } from "knex";
import { createRequire } from "node:module";
import type { Answer } from "./session.js";
import { bind, type Sql, type SqlValue } from "./sql.js";

/** Sends one statement somewhere and gives its answer. */
export type Send = (statement: Sql) => Promise<Answer>;

/** knex has no types for its own classes. */
type KnexClientClass = new (config: Knex.Config) => object;

interface KnexQuery {
  readonly sql: string;
  readonly bindings?: readonly SqlValue[];
  response?: unknown;
}

/**
 * knex as a writer of SQL: what it writes goes through `send`, so it has no connections and no
 * transactions of its own. For migrations and listing; loaded on first use, as it costs 190 ms.
 */
export async function openKnex(send: Send): Promise<Knex> {
  // Its named exports are not seen by Node: the package is CommonJS.
  const { default: knex } = await import("knex");
  return knex({
    client: dialect(send) as unknown as typeof Knex.Client,
    // For new tables: ids, keys and names are compared byte by byte.
    connection: { charset: "utf8mb4", collate: "utf8mb4_bin" } as Knex.StaticConnectionConfig,
    pool: { min: 0, max: 2 },
    log: SILENT,
  });
}

const nothing = (): void => undefined;
/** knex prints what it then throws as well. */
const SILENT: Knex.Logger = {
  warn: nothing,
  error: nothing,
  deprecate: nothing,
  debug: nothing,
};

function dialect(send: Send): KnexClientClass {
  const require = createRequire(import.meta.url);
  const Base = require("knex/lib/dialects/mysql2/index.js") as KnexClientClass;
  return class extends Base {
    _driver(): object {
      return {}; // Never asked for a connection.
    }

    acquireRawConnection(): Promise<object> {
      return Promise.resolve({});
    }

    destroyRawConnection(): Promise<void> {
      return Promise.resolve();
    }

    validateConnection(): boolean {
      return true;
    }

    async _query(_connection: unknown, query: KnexQuery): Promise<KnexQuery> {
      const { rows, changed } = await send(bind(query.sql, query.bindings ?? [])).catch(wrap);
      query.response = [rows.length > 0 ? rows : Object.assign([], { affectedRows: changed })];
      return query;
    }
  };
}

/** knex writes its SQL into the message of every error: it gets one that nobody reads. */
class Wrapped extends Error {}

function wrap(cause: unknown): never {
  throw new Wrapped("refused", { cause });
}

/** What knex was asked, with the errors of `send` as they were. */
export async function fromKnex<T>(asked: PromiseLike<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof Wrapped ? error.cause : error;
  }
}
