import type { Knex } from "knex";
import { createRequire } from "node:module";
import type { Database } from "./database.js";
import type { RawConnection, SqlValue } from "./connection.js";

/** The parts of knex's own classes that are used or replaced; knex has no types for them. */
interface KnexClient {
  _formatBindings(bindings: unknown): SqlValue[];
}
type KnexClientClass = new (config: Knex.Config) => KnexClient;

interface KnexTransaction {
  query(connection: unknown, sql: string): Promise<unknown>;
}
type KnexTransactionClass = new (...args: readonly unknown[]) => KnexTransaction;

interface KnexQuery {
  readonly sql: string;
  readonly bindings?: unknown;
  response?: unknown;
  context?: { readonly lastID: number; readonly changes: number };
}

/**
 * knex on the connection that the rest of the process uses: for migrations and listing. It is
 * loaded on first use, as it costs 190 ms and 14 MB.
 */
export async function openKnex(database: Database): Promise<Knex> {
  // Its named exports are not seen by Node: the package is CommonJS.
  const { default: knex } = await import("knex");
  return knex({
    client: dialect(database.connection) as unknown as typeof Knex.Client,
    connection: { filename: database.path },
    pool: { min: 0, max: 1 },
    useNullAsDefault: true,
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

/** Not run as prepared statements: `Database` says why. */
const TRANSACTION_WORD = /^(begin|commit|rollback|savepoint|release)\b/i;

/** knex's SQL for better-sqlite3, spoken to another driver. */
function dialect(connection: RawConnection): KnexClientClass {
  const require = createRequire(import.meta.url);
  const Base = require("knex/lib/dialects/better-sqlite3/index.js") as KnexClientClass;
  const Transaction = immediateTransaction(require);
  return class extends Base {
    _driver(): object {
      return {}; // The connection is open already.
    }

    acquireRawConnection(): Promise<RawConnection> {
      return Promise.resolve(connection);
    }

    destroyRawConnection(): Promise<void> {
      return Promise.resolve(); // Not knex's to close.
    }

    transaction(...args: readonly unknown[]): KnexTransaction {
      return new Transaction(this, ...args);
    }

    async _query(raw: RawConnection, query: KnexQuery): Promise<KnexQuery> {
      if (TRANSACTION_WORD.test(query.sql)) {
        raw.exec(query.sql);
        return query;
      }
      const statement = raw.prepare(query.sql);
      const bindings = this._formatBindings(query.bindings);
      if (statement.returnsRows) {
        query.response = statement.all(bindings);
      } else {
        const { changes, lastId } = statement.run(bindings);
        query.response = { changes, lastInsertRowid: lastId };
        query.context = { lastID: lastId, changes };
      }
      return query;
    }
  };
}

/** knex begins deferred; such a transaction fails at its first write while others write. */
function immediateTransaction(require: NodeJS.Require): KnexTransactionClass {
  const path = "knex/lib/dialects/sqlite3/execution/sqlite-transaction.js";
  const Base = require(path) as KnexTransactionClass;
  return class extends Base {
    begin(connection: unknown): Promise<unknown> {
      return this.query(connection, "BEGIN IMMEDIATE;");
    }
  };
}
