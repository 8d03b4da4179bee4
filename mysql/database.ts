import { type Address, describe } from "./address.js";
import { faultOf, toDatabaseError } from "./faults.js";
import { Pool } from "./pool.js";
import { type Answer, Session } from "./session.js";
import type { Sql } from "./sql.js";

/** A call fails when the server says nothing for so long, ms: a frozen one is noticed by this. */
const SILENCE_MS = 5_000;
/**
 * Four sessions in all. Checkpoints have one to themselves (P-14), and need no more, as one packet
 * carries all of them; postings, raises and people's requests, which may wait for locked rows, have
 * another; two read.
 */
const SESSIONS_MAX = { checkpoint: 1, write: 1, read: 2 } as const;
/**
 * P-15: how long a session that stopped in the middle of something may keep its locks, seconds: a
 * lease, as it is without any setting.
 */
const WRITER_IDLE_SECONDS = 10;
const READER_IDLE_SECONDS = 120;
/** Tries of a transaction that others are in the way of (P-16). */
const CONTENTION_TRIES_MAX = 10;
/** Tries when a connection breaks: the one that was idle may be long dead. */
const LOST_TRIES_MAX = 3;
/** Largest packet, bytes, whatever the server takes: bounds memory on both sides. */
const PACKET_BYTES_MAX = 32 * 1024 * 1024;

export interface Written {
  readonly answers: readonly Answer[];
  /** An earlier try got no answer: what these answers found may be its work. */
  readonly repeated: boolean;
}

/** Statements that go together; made anew for a try after one that got no answer. */
export type Packet = readonly Sql[] | ((repeated: boolean) => readonly Sql[]);

type Kind = keyof typeof SESSIONS_MAX;

/** One database of a MySQL or MariaDB server, in packets; nothing waits inside a transaction. */
export class MysqlDatabase {
  /** For messages. */
  readonly where: string;
  readonly #address: Address;
  readonly #pools: Readonly<Record<Kind, Pool>>;

  constructor(address: Address) {
    this.where = describe(address);
    this.#address = address;
    const pool = (kind: Kind, idleSeconds: number): Pool =>
      new Pool(address, { idleSeconds, sessionsMax: SESSIONS_MAX[kind], silenceMs: SILENCE_MS });
    this.#pools = {
      checkpoint: pool("checkpoint", WRITER_IDLE_SECONDS),
      write: pool("write", WRITER_IDLE_SECONDS),
      read: pool("read", READER_IDLE_SECONDS),
    };
  }

  /** The rows of one SELECT. Rejects with PERSISTENCE_DOWN when it cannot be asked. */
  async read(statement: Sql): Promise<Answer["rows"]> {
    const { answers } = await this.#retried(() => this.#pools.read.run([statement]));
    return answers[0]?.rows ?? [];
  }

  /**
   * One packet, an answer for each statement. It must be such that doing it twice is harmless:
   * when the connection breaks it is sent again, and the first may have been committed. Rejects
   * with PERSISTENCE_DOWN after a few tries, with TOO_LARGE when the server takes no such packet.
   */
  write(packet: Packet, kind: Kind = "write"): Promise<Written> {
    const make = typeof packet === "function" ? packet : () => packet;
    return this.#retried((repeated) => this.#pools[kind].run(make(repeated)));
  }

  /** The largest packet that may be sent, bytes, as far as the server has told. */
  get packetBytesMax(): number {
    const pools = Object.values(this.#pools);
    return Math.min(PACKET_BYTES_MAX, ...pools.map(({ packetBytesMax }) => packetBytesMax));
  }

  /** `work` with a session beside the pools, whose silences may last `silenceMs`. */
  async apart<T>(silenceMs: number, work: (session: Session) => Promise<T>): Promise<T> {
    const options = { idleSeconds: Math.ceil(silenceMs / 1000) * 10, silenceMs };
    let session: Session | undefined;
    try {
      session = await Session.open(this.#address, options);
      return await work(session);
    } catch (error) {
      throw toDatabaseError(error, this.where);
    } finally {
      await session?.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool) => pool.close()));
  }

  async #renew(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool) => pool.renew()));
  }

  /** Whole transactions again (P-16), with growing jittered pauses. */
  async #retried(work: (repeated: boolean) => Promise<readonly Answer[]>): Promise<Written> {
    let repeated = false;
    for (let tries = 1; ; tries += 1) {
      try {
        return { answers: await work(repeated), repeated };
      } catch (error) {
        const fault = faultOf(error);
        // Perhaps another server is the primary now, and these sessions are with the old one.
        if (fault === "read-only") await this.#renew();
        const triesMax =
          fault === "contention" ? CONTENTION_TRIES_MAX : fault === "lost" ? LOST_TRIES_MAX : 0;
        if (tries >= triesMax) throw toDatabaseError(error, this.where);
        repeated ||= fault === "lost";
      }
      await pause(Math.min(2 ** tries, 100) * (0.5 + Math.random()));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
