import mysql from "mysql2";

/** What a value of a statement may be; texts are UTF-8, whole numbers stay below 2^53. */
export type SqlValue = null | number | string;

/** A finished piece of SQL: every value in it is escaped. Made by `sql` and its kin only. */
export class Sql {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * SQL with its values: pieces of SQL are taken as they are, everything else is escaped. Values are
 * written into the text because a packet of several statements can carry no parameters beside it.
 */
export function sql(parts: TemplateStringsArray, ...values: readonly (Sql | SqlValue)[]): Sql {
  let text = parts[0] ?? "";
  values.forEach((value, index) => {
    text += write(value) + (parts[index + 1] ?? "");
  });
  return new Sql(text);
}

/** `'a', 'b', 'c'`, for IN (...); never empty: IN () is no SQL. */
export function list(values: readonly SqlValue[]): Sql {
  return new Sql(values.length === 0 ? "NULL" : values.map(write).join(", "));
}

/** Rows as a derived table, in their order: `(SELECT 'x' AS job, 1 AS seq UNION ALL SELECT ...)`. */
export function table<T extends Readonly<Record<string, SqlValue>>>(rows: readonly T[]): Sql {
  const selects = rows.map((row, index) => {
    const columns = Object.entries(row);
    return index === 0
      ? columns.map(([name, value]) => `${write(value)} AS ${name}`).join(", ")
      : columns.map(([, value]) => write(value)).join(", ");
  });
  return new Sql(`(SELECT ${selects.join(" UNION ALL SELECT ")})`);
}

/** Rows that a statement goes through, and what their columns are called in it. */
export interface Rows<Column extends string> {
  /** To be written in front of a table, in a FROM or an UPDATE; empty when there is one row. */
  readonly before: Sql;
  readonly v: Readonly<Record<Column, Sql>>;
}

/**
 * `${before} jobs j WHERE j.id = ${v.job}`: the row of a table that belongs to each row. One row
 * alone is written into the statement as values: a derived table costs 200 us before its first row.
 */
export function through<Column extends string>(
  rows: readonly Readonly<Record<Column, SqlValue>>[],
): Rows<Column> {
  const [first, ...others] = rows;
  const alone = others.length === 0;
  const v = Object.entries<SqlValue>(first ?? {}).map(
    ([name, value]) => [name, new Sql(alone ? write(value) : `v.${name}`)] as const,
  );
  return {
    before: alone ? new Sql("") : sql`${table(rows)} v STRAIGHT_JOIN`,
    v: Object.fromEntries(v) as Record<Column, Sql>,
  };
}

/** Values of `?` in a text that knex wrote. */
export function bind(text: string, values: readonly SqlValue[]): Sql {
  return new Sql(mysql.format(text, [...values]));
}

function write(value: Sql | SqlValue): string {
  return value instanceof Sql ? value.text : mysql.escape(value);
}
