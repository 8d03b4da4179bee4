/** What a column holds; texts are UTF-8, times and counts stay below 2^53. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

/** One prepared statement; every call runs it to its end and resets it. */
export interface RawStatement {
  /** False for statements that cannot answer with rows. */
  readonly returnsRows: boolean;
  get(params: readonly SqlValue[]): Row | undefined;
  all(params: readonly SqlValue[]): readonly Row[];
  run(params: readonly SqlValue[]): { readonly changes: number; readonly lastId: number };
}

/**
 * One open connection, synchronous, the same for every driver. Errors are the driver's own;
 * `faults.ts` reads them. Statements with RETURNING must not be run: libsql runs
 * them twice. Parameters are a plain `?`: the node:sqlite of 22.13 takes `?1` for a name.
 */
export interface RawConnection {
  readonly driver: DriverName;
  exec(sql: string): void;
  prepare(sql: string): RawStatement;
  /** False also when SQLite rolled back by itself, as after some full disks. */
  inTransaction(): boolean;
  close(): void;
}

export type DriverName = "node" | "libsql";
