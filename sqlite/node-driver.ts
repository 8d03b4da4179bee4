import type { RawConnection, RawStatement, Row, SqlValue } from "./connection.js";

/** The part of `node:sqlite` that is used; @types/node of Node 20 does not know the module. */
interface NodeStatement {
  get(...params: readonly SqlValue[]): Row | undefined;
  all(...params: readonly SqlValue[]): Row[];
  run(...params: readonly SqlValue[]): {
    changes: number | bigint;
    lastInsertRowid: number | bigint;
  };
  /** Since 22.16. */
  columns?(): readonly unknown[];
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
  /** Since 22.16. */
  readonly isTransaction?: boolean;
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => NodeDatabase;
}

/** Undefined when this Node has no `node:sqlite`, or hides it behind a flag. */
export function openNodeSqlite(): ((path: string) => RawConnection) | undefined {
  const module = quietly(() => process.getBuiltinModule?.("node:sqlite") as unknown);
  if (!isNodeSqlite(module)) return undefined;
  return (path) => adapt(new module.DatabaseSync(path));
}

/**
 * Node 22 warns that its SQLite is experimental, on every start of every command. Only that one
 * warning is dropped, and only while the module loads.
 */
function quietly<T>(load: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!/^SQLite is an experimental feature/.test(String(warning))) {
      emit.call(process, warning, ...rest);
    }
  };
  try {
    return load();
  } finally {
    process.emitWarning = emit;
  }
}

function isNodeSqlite(module: unknown): module is NodeSqlite {
  if (typeof module !== "object" || module === null || !("DatabaseSync" in module)) return false;
  return typeof module.DatabaseSync === "function";
}

function adapt(database: NodeDatabase): RawConnection {
  return {
    driver: "node",
    exec: (sql) => database.exec(sql),
    prepare: (sql) => adaptStatement(database.prepare(sql), sql),
    inTransaction: () => database.isTransaction ?? probeTransaction(database),
    close: () => database.close(),
  };
}

function adaptStatement(statement: NodeStatement, sql: string): RawStatement {
  const columns = statement.columns?.().length;
  return {
    returnsRows: columns === undefined ? /^\s*(select|with|pragma)\b/i.test(sql) : columns > 0,
    get: (params) => statement.get(...params),
    all: (params) => statement.all(...params),
    run: (params) => {
      const { changes, lastInsertRowid } = statement.run(...params);
      return { changes: Number(changes), lastId: Number(lastInsertRowid) };
    },
  };
}

/** Before 22.16 the only way to ask: BEGIN fails inside a transaction, whatever else is wrong. */
function probeTransaction(database: NodeDatabase): boolean {
  try {
    database.exec("BEGIN");
  } catch {
    return true; // "cannot start a transaction within a transaction"
  }
  database.exec("ROLLBACK");
  return false;
}
