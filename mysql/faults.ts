import { JobrunnerError } from "../common/error.js";

/** What went wrong, as far as a caller decides differently; `sql` = a defect of ours. */
export type MysqlFault =
  | "contention"
  | "lost"
  | "silent"
  /** No connection of ours was free in time: the server has nothing to do with it. */
  | "busy"
  /** The server cannot do it now, for a reason of its own. */
  | "ailing"
  | "unreachable"
  | "crowded"
  | "denied"
  | "blocked"
  | "no-database"
  | "tls"
  | "read-only"
  | "full"
  | "too-big"
  | "duplicate"
  | "sql";

/** Server error numbers that MySQL and MariaDB share, unless said. */
const FAULT_BY_NUMBER: Readonly<Record<number, MysqlFault>> = {
  1020: "contention", // MariaDB: the record changed since it was read.
  1205: "contention",
  1213: "contention",
  1021: "full",
  1026: "full",
  1114: "full",
  1040: "crowded",
  1203: "crowded",
  1226: "crowded",
  1044: "denied",
  1045: "denied",
  1142: "denied",
  1143: "denied",
  1227: "denied",
  1698: "denied",
  1129: "blocked", // Too many failed connections from this host.
  1130: "denied", // This host may not connect.
  1030: "ailing", // The storage engine failed.
  1041: "ailing", // Out of memory.
  1047: "ailing", // Galera: this node has not joined.
  1135: "ailing", // No thread for another connection.
  1969: "ailing", // MariaDB: max_statement_time.
  3024: "ailing", // MySQL: max_execution_time.
  3168: "ailing", // MySQL: the server is not available.
  1049: "no-database",
  1053: "lost",
  1077: "lost",
  1158: "lost", // The network failed within a packet, as the three below.
  1159: "lost",
  1160: "lost",
  1161: "lost",
  1180: "lost", // The commit failed, or not: the server does not say.
  1317: "lost", // The query was killed.
  1927: "lost", // MariaDB: the connection was killed.
  4031: "lost", // MySQL: the session had been idle for too long.
  1062: "duplicate",
  1153: "too-big",
  1290: "read-only",
  1792: "read-only",
  1836: "read-only",
};

/** Codes of Node and of the driver. */
const FAULT_BY_CODE: Readonly<Record<string, MysqlFault>> = {
  PROTOCOL_CONNECTION_LOST: "lost",
  ECONNRESET: "lost",
  EPIPE: "lost",
  ECONNREFUSED: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  ETIMEDOUT: "silent",
  HANDSHAKE_SSL_ERROR: "tls",
  HANDSHAKE_NO_SSL_SUPPORT: "tls",
};

/** A call that nobody answered in time. */
export class Silence extends Error {}

/** A call that found no free session in time. */
export class Busy extends Error {}

/** Undefined for an error that came neither from the server nor from the way to it. */
export function faultOf(error: unknown): MysqlFault | undefined {
  if (error instanceof Silence) return "silent";
  if (error instanceof Busy) return "busy";
  if (!(error instanceof Error)) return undefined;
  if ("errno" in error && typeof error.errno === "number" && error.errno > 0) {
    return FAULT_BY_NUMBER[error.errno] ?? "sql";
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const fatal = "fatal" in error && error.fatal === true;
  return FAULT_BY_CODE[code] ?? (fatal ? "lost" : undefined);
}

interface Saying {
  readonly what: string;
  readonly hint: string;
}

const SAYINGS: Readonly<Record<MysqlFault, Saying>> = {
  contention: {
    what: "is so busy that the same rows are locked again and again",
    hint: "If this goes on, look for a long transaction of another program in its process list.",
  },
  lost: {
    what: "closed the connection",
    hint: "Look at the server's log; work goes on by itself.",
  },
  silent: {
    what: "does not answer",
    hint: "Is the server stopped, or the network between here and there?",
  },
  busy: {
    what: "is asked for more than this agent's connections can carry",
    hint: "Send less at once; if this goes on, look for locked rows in the server's process list.",
  },
  ailing: {
    what: "cannot do this now",
    hint: "Look at the server's log and its limits of time; work goes on by itself.",
  },
  unreachable: {
    what: "cannot be reached",
    hint: "Check host, port and firewall, and that the server runs; work goes on by itself.",
  },
  crowded: {
    what: "takes no more connections",
    hint: "Each agent needs four: raise max_connections, or the limit of the user.",
  },
  denied: {
    what: "refuses this user",
    hint: "Check user, password and host, and if it wants TLS; docs/persistence.md lists the grants.",
  },
  blocked: {
    what: "blocks this host after too many failed connections",
    hint: "Run FLUSH HOSTS on the server, and raise max_connect_errors.",
  },
  "no-database": {
    what: "does not exist",
    hint: "Create it first: CREATE DATABASE jobrunner CHARACTER SET utf8mb4.",
  },
  tls: {
    what: "cannot be talked to with TLS",
    hint: "Does the server speak TLS, and did ca=FILE sign its certificate?",
  },
  "read-only": {
    what: "is read-only",
    hint: "Name the primary, not a replica; or switch read_only off.",
  },
  full: {
    what: "cannot grow: its disk or its table space is full",
    hint: "Free some space on the server; work goes on by itself.",
  },
  "too-big": {
    what: "takes no packet of this size",
    hint: "Raise max_allowed_packet of the server to 64M.",
  },
  duplicate: {
    what: "has a row of that key already",
    hint: "Was its content changed by hand, or by another version of jobrunner?",
  },
  sql: {
    what: "refused a statement",
    hint: "Was its schema changed by hand, or by another version of jobrunner?",
  },
};

/**
 * The one-line error for people: what, why, what to do. `where` is the database's address. Errors
 * of ours come back as they are.
 */
export function toDatabaseError(error: unknown, where: string): unknown {
  const fault = faultOf(error);
  if (fault === undefined) return error;
  const { what, hint } = SAYINGS[fault];
  const code =
    fault === "sql" || fault === "duplicate"
      ? "INTERNAL"
      : fault === "too-big"
        ? "TOO_LARGE"
        : "PERSISTENCE_DOWN";
  const detail = error instanceof Error ? ` (${error.message.slice(0, 300)})` : "";
  return new JobrunnerError(code, `The database ${where} ${what}.${detail}`, {
    hint,
    cause: error,
    retryable: code === "PERSISTENCE_DOWN" && fault !== "denied",
  });
}

/** True for what `toDatabaseError` made of a key that is there already. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof JobrunnerError && faultOf(error.cause) === "duplicate";
}
