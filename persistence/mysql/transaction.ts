import type { MysqlDatabase, Packet } from "../../mysql/database.js";
import type { Answer } from "../../mysql/session.js";
import { type Sql, sql } from "../../mysql/sql.js";

/** Database time, ms since 1970, whatever the session's time zone; it does not end in 2038. */
const SERVER_NOW = sql`TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000`;

export interface Outcome {
  /** One for each statement. */
  readonly answers: readonly Answer[];
  /** An earlier try got no answer: what these answers found may be its work. */
  readonly repeated: boolean;
}

/** A database and its time. */
export class Transactions {
  readonly database: MysqlDatabase;
  readonly #now: (() => number) | undefined;

  /** `now`: database time for tests, ms since 1970; default the server's. */
  constructor(database: MysqlDatabase, now?: () => number) {
    this.database = database;
    this.#now = now;
  }

  /** Database time as an expression. */
  get now(): Sql {
    return this.#now === undefined ? SERVER_NOW : sql`${this.#now()}`;
  }

  /**
   * The statements as one transaction in one packet: no lock is held while a client is waited for
   * (P-15). Done twice it must be harmless; see `write`. Checkpoints go their own way (P-14).
   */
  async run(packet: Packet, kind?: "checkpoint"): Promise<Outcome> {
    const make = typeof packet === "function" ? packet : () => packet;
    const { answers, repeated } = await this.database.write(
      (again) => [sql`START TRANSACTION`, ...make(again), sql`COMMIT`],
      kind,
    );
    return { answers: answers.slice(1, -1), repeated };
  }
}
