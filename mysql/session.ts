import { connect, isIP, type Socket } from "node:net";
import mysql, { type Connection, type ConnectionOptions } from "mysql2";
import { JobrunnerError } from "../common/error.js";
import type { Address } from "./address.js";
import { Silence } from "./faults.js";
import { type Sql, sql } from "./sql.js";

/** Rows of a SELECT, or how many rows another statement changed (not: matched). */
export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly changed: number;
}

export interface SessionOptions {
  /** The server ends the session, and frees its locks, after so long without a word, seconds. */
  readonly idleSeconds: number;
  /** A call fails when nothing comes back for so long, ms; longer ones get time for their size. */
  readonly silenceMs: number;
}

/** Slowest upload that is still waited for, bytes a millisecond. */
const UPLOAD_RATE_MIN = 250;
/** Shorter than what a call may take, so that a lock is an error of the server, not a silence. */
const LOCK_WAIT_SECONDS = 2;

/**
 * One connection, in a state that does not depend on the server's settings: UTC, strict, READ
 * COMMITTED, every statement its own transaction unless a packet says otherwise.
 */
export class Session {
  /** The largest packet the server takes, bytes. */
  readonly packetBytesMax: number;
  readonly #connection: Connection;
  readonly #silenceMs: number;
  #broken = false;

  private constructor(connection: Connection, packetBytesMax: number, silenceMs: number) {
    this.#connection = connection;
    this.packetBytesMax = packetBytesMax;
    this.#silenceMs = silenceMs;
    connection.on("error", () => this.destroy()); // Also while nothing is asked.
    streamOf(connection).once("close", () => {
      this.#broken = true;
    });
  }

  static async open(address: Address, options: SessionOptions): Promise<Session> {
    const connection = mysql.createConnection(toDriver(address, options));
    connection.on("error", () => undefined); // The call under way is told.
    try {
      const answers = await send(connection, setUp(options), options.silenceMs);
      const packet = Number(answers.at(-1)?.rows[0]?.["packet"]);
      return new Session(connection, packet, options.silenceMs);
    } catch (error) {
      destroy(connection);
      throw error;
    }
  }

  /** False once the connection is of no use any more. */
  get usable(): boolean {
    return !this.#broken;
  }

  /**
   * Sends the statements as one packet; an answer for each. Rejects with errors of the driver, with
   * TOO_LARGE when the server takes no such packet: it would only cut the connection.
   */
  async run(statements: readonly Sql[]): Promise<readonly Answer[]> {
    this.#check(statements);
    try {
      return await send(this.#connection, statements, this.#silenceMs);
    } catch (error) {
      if (error instanceof Silence || isFatal(error)) this.destroy();
      throw error;
    }
  }

  #check(statements: readonly Sql[]): void {
    const length = statements.reduce((sum, { text }) => sum + text.length + 1, 1);
    if (length * 3 <= this.packetBytesMax) return; // At most 3 bytes a UTF-16 unit.
    const bytes = statements.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 1);
    if (bytes <= this.packetBytesMax) return;
    throw new JobrunnerError(
      "TOO_LARGE",
      `The database takes packets of ${inMebibytes(this.packetBytesMax)} MiB, and this one has ` +
        `${inMebibytes(bytes)} MiB.`,
      { hint: "Raise max_allowed_packet of the server to 64M, or hand on smaller values." },
    );
  }

  destroy(): void {
    this.#broken = true;
    destroy(this.#connection);
  }

  /** Says goodbye, so that the server notes no error. */
  async close(): Promise<void> {
    if (this.#broken) return;
    this.#broken = true;
    const gone = new Promise((resolve) => streamOf(this.#connection).once("close", resolve));
    this.#connection.end(() => destroy(this.#connection));
    const late = setTimeout(() => destroy(this.#connection), this.#silenceMs);
    await gone;
    clearTimeout(late);
  }
}

function inMebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function toDriver(address: Address, { silenceMs }: SessionOptions): ConnectionOptions {
  const { host, port, user, password, database, tls } = address;
  return {
    ...{ host, port, user, password, database },
    charset: "UTF8MB4_BIN",
    multipleStatements: true,
    connectTimeout: silenceMs,
    // Answers count what changed, and no server may ask for files of this machine.
    flags: ["-FOUND_ROWS", "-LOCAL_FILES"],
    ...(tls === undefined
      ? {}
      : {
          ssl: { rejectUnauthorized: true, verifyIdentity: true, ...tls },
          ...(isIP(host) === 0 ? {} : { stream: () => connectByNumber(host, port) }),
        }),
  };
}

/**
 * A certificate can be for an address in digits as well. The driver names the host to compare with
 * only when it is a name, and Node then takes the one that the socket was connected to, which it
 * notes for names only. Without this every such certificate is refused.
 */
function connectByNumber(host: string, port: number): Socket {
  return Object.assign(connect(port, host).setNoDelay(true), { _host: host });
}

function setUp({ idleSeconds }: SessionOptions): readonly Sql[] {
  return [
    sql`SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
    sql`SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,
      time_zone = '+00:00', innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS},
      wait_timeout = ${idleSeconds}, group_concat_max_len = 1048576`,
    sql`SELECT @@max_allowed_packet AS packet`,
  ];
}

/** One packet there, all answers back; rejects with Silence when nothing comes for too long. */
function send(
  connection: Connection,
  statements: readonly Sql[],
  silenceMs: number,
): Promise<readonly Answer[]> {
  const text = statements.map((statement) => statement.text).join(";");
  return new Promise((resolve, reject) => {
    let seen = 0;
    // Large answers may take long, as long as they keep coming.
    const look = (): void => {
      const { bytesRead } = streamOf(connection);
      if (bytesRead === seen) return reject(new Silence(`no answer for ${silenceMs} ms`));
      seen = bytesRead;
      timer = setTimeout(look, silenceMs);
    };
    seen = streamOf(connection).bytesRead;
    let timer = setTimeout(look, silenceMs + text.length / UPLOAD_RATE_MIN);
    connection.query(text, (error: unknown, results: unknown) => {
      clearTimeout(timer);
      if (error !== null && error !== undefined) reject(error as Error);
      else resolve(toAnswers(results, statements.length));
    });
  });
}

function toAnswers(results: unknown, count: number): readonly Answer[] {
  const all = count === 1 ? [results] : (results as readonly unknown[]);
  return all.map((result) => {
    if (Array.isArray(result)) return { rows: result as Answer["rows"], changed: 0 };
    const { affectedRows = 0 } = result as { readonly affectedRows?: number };
    return { rows: [], changed: affectedRows };
  });
}

/** The driver's own destroy waits for a server that may be frozen. */
function destroy(connection: Connection): void {
  connection.destroy();
  streamOf(connection).destroy();
}

interface Stream {
  readonly bytesRead: number;
  destroy(): void;
  once(event: "close", listener: (...args: readonly unknown[]) => void): unknown;
}

/** The driver's types leave its socket out. */
function streamOf(connection: Connection): Stream {
  return (connection as unknown as { readonly stream: Stream }).stream;
}

function isFatal(error: unknown): boolean {
  return error instanceof Error && "fatal" in error && error.fatal === true;
}
