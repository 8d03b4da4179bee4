import type { RawConnection, RawStatement, Row, SqlValue } from "./connection.js";

/** Statements on one connection. The texts are fixed, so each is prepared once and kept. */
export interface Statements {
  /** Rows changed. */
  run(sql: string, ...params: readonly SqlValue[]): number;
  get(sql: string, ...params: readonly SqlValue[]): Row | undefined;
  all(sql: string, ...params: readonly SqlValue[]): readonly Row[];
  exec(sql: string): void;
}

export class PreparedStatements implements Statements {
  readonly #connection: RawConnection;
  readonly #prepared = new Map<string, RawStatement>();

  constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  run(sql: string, ...params: readonly SqlValue[]): number {
    return this.#prepare(sql).run(params).changes;
  }

  get(sql: string, ...params: readonly SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(params);
  }

  all(sql: string, ...params: readonly SqlValue[]): readonly Row[] {
    return this.#prepare(sql).all(params);
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** libsql closes its file only when the last statement is gone. */
  forget(): void {
    this.#prepared.clear();
  }

  #prepare(sql: string): RawStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
