import { JobrunnerError } from "../common/error.js";

/** What went wrong, as far as a caller decides differently; `sql` = a defect of ours. */
export type SqliteFault =
  | "busy"
  | "full"
  | "io"
  | "read-only"
  | "not-a-database"
  | "corrupt"
  | "cannot-open"
  | "too-big"
  | "constraint"
  | "sql";

/** SQLite's primary result codes (sqlite.org/rescode.html); LOCKED and PROTOCOL pass like BUSY. */
const FAULT_BY_CODE: Readonly<Record<number, SqliteFault>> = {
  3: "read-only",
  5: "busy",
  6: "busy",
  8: "read-only",
  10: "io",
  11: "corrupt",
  13: "full",
  14: "cannot-open",
  15: "busy",
  18: "too-big",
  19: "constraint",
  26: "not-a-database",
};

/** Undefined for an error that did not come from SQLite. */
export function faultOf(error: unknown): SqliteFault | undefined {
  const code = resultCode(error);
  if (code === undefined) return undefined;
  return FAULT_BY_CODE[code & 0xff] ?? "sql"; // Extended codes carry the primary one in 8 bits.
}

/** node:sqlite says it in `errcode`, libsql in `rawCode`; a failed open of libsql in its text. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode;
  if ("rawCode" in error && typeof error.rawCode === "number") return error.rawCode;
  const opening = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message);
  return opening === null ? undefined : Number(opening[1]);
}

/** Faults after which SQLite's transaction must be given up as a whole. */
export function sinksTransaction(fault: SqliteFault | undefined): boolean {
  return fault !== undefined && !["too-big", "constraint", "sql"].includes(fault);
}

interface Saying {
  readonly what: (path: string) => string;
  readonly hint: string;
  readonly retryable: boolean;
}

const SAYINGS: Readonly<Record<SqliteFault, Saying>> = {
  busy: {
    what: (path) => `The database ${path} is locked by another process.`,
    hint: "If this goes on, look for a stopped or hanging process that has the file open.",
    retryable: true,
  },
  full: {
    what: (path) => `The database ${path} cannot grow: the disk is full.`,
    hint: "Free some space; work goes on by itself.",
    retryable: true,
  },
  io: {
    what: (path) => `The disk failed while reading or writing the database ${path}.`,
    hint: "Check the disk, its free space and its mount.",
    retryable: true,
  },
  "read-only": {
    what: (path) => `The database ${path} is read-only for this user.`,
    hint: "Make the file and its directory writable, or name another file.",
    retryable: false,
  },
  "not-a-database": {
    what: (path) => `The file ${path} is not an SQLite database.`,
    hint: "Name another file, or move this one away; it was not changed.",
    retryable: false,
  },
  corrupt: {
    what: (path) => `The database ${path} is damaged.`,
    hint: "Restore it from a backup, or try the `.recover` command of sqlite3.",
    retryable: false,
  },
  "cannot-open": {
    what: (path) => `The database ${path} cannot be opened or created.`,
    hint: "Check that its directory exists and that this user may write there.",
    retryable: false,
  },
  "too-big": {
    what: (path) => `A value is larger than the database ${path} can hold.`,
    hint: "Store large values elsewhere, and keep a reference to them.",
    retryable: false,
  },
  constraint: {
    what: (path) => `The database ${path} refused a row that contradicts another.`,
    hint: "This is a defect of jobrunner; please report it.",
    retryable: false,
  },
  sql: {
    what: (path) => `The database ${path} refused a statement.`,
    hint: "Was its schema changed by hand, or by another version of jobrunner?",
    retryable: false,
  },
};

/**
 * The one-line error for people: what, why, what to do. Errors that are not SQLite's come back as
 * they are.
 */
export function toDatabaseError(error: unknown, path: string): unknown {
  const fault = faultOf(error);
  if (fault === undefined) return error;
  const saying = SAYINGS[fault];
  const defect = fault === "constraint" || fault === "sql";
  const code = defect ? "INTERNAL" : fault === "too-big" ? "TOO_LARGE" : "PERSISTENCE_DOWN";
  const detail = defect && error instanceof Error ? ` (${withoutStatement(error.message)})` : "";
  return new JobrunnerError(code, saying.what(path) + detail, {
    hint: saying.hint,
    cause: error,
    retryable: saying.retryable,
  });
}

/** knex puts the whole statement before SQLite's words. */
function withoutStatement(message: string): string {
  return message.split(" - ").at(-1) ?? message;
}
