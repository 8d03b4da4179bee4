import { JobrunnerError } from "../common/error.js";
import type { Json } from "../common/json.js";

/** A row as a driver hands it out: anything may be in it. */
export type Columns = Readonly<Record<string, unknown>>;

/** Each of these throws BAD_RECORD when the column does not hold what jobrunner writes there. */
export function text(row: Columns, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw badColumn(row, column, "a text");
  return value;
}

export function integer(row: Columns, column: string): number {
  const value = row[column];
  // Drivers hand out 64-bit columns as numbers, texts or bigints; ours stay below 2^53.
  const number = typeof value === "number" ? value : value === null ? Number.NaN : Number(value);
  if (!Number.isSafeInteger(number)) throw badColumn(row, column, "a whole number");
  return number;
}

export function oneOf<T extends string>(row: Columns, column: string, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === row[column]);
  if (value === undefined) throw badColumn(row, column, `one of ${values.join(", ")}`);
  return value;
}

export function json(row: Columns, column: string): Json {
  try {
    return JSON.parse(text(row, column)) as Json;
  } catch {
    throw badColumn(row, column, "JSON");
  }
}

export function isEmpty(row: Columns, column: string): boolean {
  return row[column] === null || row[column] === undefined;
}

export function badColumn(row: Columns, column: string, expected: string): JobrunnerError {
  const id = row.id ?? row.job;
  const where = typeof id === "string" ? `of job ${id} ` : "";
  return new JobrunnerError(
    "BAD_RECORD",
    `The stored record ${where}cannot be read: its ${column} is not ${expected}.`,
    { hint: "Was the database written by something else, or by a newer jobrunner?" },
  );
}
