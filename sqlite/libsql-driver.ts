import type { RawConnection, RawStatement, Row, SqlValue } from "./connection.js";

/** The part of libsql that is used. Its own types are `any` in places. */
interface LibsqlStatement {
  readonly reader: boolean;
  get(params: readonly SqlValue[]): Row | undefined;
  all(params: readonly SqlValue[]): Row[];
  run(params: readonly SqlValue[]): { changes: number; lastInsertRowid: number };
}

interface LibsqlDatabase {
  readonly inTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): LibsqlStatement;
  close(): void;
}

type LibsqlConstructor = new (path: string) => LibsqlDatabase;

/** Undefined when the package, or its binary for this platform, is not installed. */
export async function openLibsql(): Promise<((path: string) => RawConnection) | undefined> {
  const Libsql = await load();
  if (Libsql === undefined) return undefined;
  return (path) => adapt(new Libsql(path));
}

async function load(): Promise<LibsqlConstructor | undefined> {
  const name: string = "libsql"; // Optional: the compiler must not insist on it.
  try {
    const module = (await import(name)) as { readonly default?: unknown };
    if (typeof module.default === "function") return module.default as LibsqlConstructor;
  } catch {
    // Not installed, or no binary for this platform: the caller says what can be done.
  }
  return undefined;
}

function adapt(database: LibsqlDatabase): RawConnection {
  return {
    driver: "libsql",
    exec: (sql) => database.exec(sql),
    prepare: (sql) => adaptStatement(database.prepare(sql)),
    inTransaction: () => database.inTransaction,
    close: () => database.close(),
  };
}

function adaptStatement(statement: LibsqlStatement): RawStatement {
  return {
    returnsRows: statement.reader,
    get: (params) => statement.get(params),
    all: (params) => statement.all(params),
    run: (params) => {
      const { changes, lastInsertRowid } = statement.run(params);
      return { changes, lastId: lastInsertRowid };
    },
  };
}
